/** The list of incoming numbers inside a card: a click on a row fills the card's phone, and with it the guest. */

function fill(form: HTMLFormElement, name: string, value: string): void {
  const field = form.elements.namedItem(name);
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) || field.value === value) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function pick(row: HTMLElement): void {
  const form = row.closest("form");
  if (!form) return;
  // The list goes first, so that what the card asks for after the change does not bring it back.
  row.closest<HTMLElement>(".pick")?.remove();
  // Also when it is empty: the reservation must not close the popup of the call it was opened from.
  fill(form, "call", row.dataset["fillCall"] ?? "");
  fill(form, "phone", row.dataset["fillPhone"] ?? "");
  // The pressed row is gone: the keyboard goes on from the number it has filled in.
  const phone = form.elements.namedItem("phone");
  if (phone instanceof HTMLElement) phone.focus();
  // A card that asks whose number it is (reservation.ts) keeps a name that somebody has typed.
  if (form.querySelector("#card-guest")) return;
  fill(form, "guest_name", row.dataset["fillName"] ?? "");
  fill(form, "about", row.dataset["fillAbout"] ?? "");
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-fill-phone]");
    if (row) pick(row);
  });
}
