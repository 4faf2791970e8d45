/** The list of incoming numbers inside a card: a click on a row fills the card's phone and guest. */

/** data-fill-<what> → the name of the form's field. */
const FIELDS: Record<string, string> = {
  fillPhone: "phone",
  fillName: "guest_name",
  fillClient: "client",
  fillAbout: "about",
  fillCall: "call",
};

function fill(field: Element | RadioNodeList | null, value: string): void {
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement)) {
    return;
  }
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function pick(row: HTMLElement): void {
  const form = row.closest("form");
  if (!form) return;
  // The list goes first, so that what the card asks for after the change does not bring it back.
  const list = row.closest<HTMLElement>(".pick");
  for (const [data, name] of Object.entries(FIELDS)) {
    const value = row.dataset[data];
    // Of a number nobody knows there is nothing to fill in: a name typed before stays.
    if (value) fill(form.elements.namedItem(name), value);
  }
  list?.remove();
  const next = form.elements.namedItem("guest_name");
  if (next instanceof HTMLElement) next.focus();
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-fill-phone]");
    if (row) pick(row);
  });
}
