/** The reservation card: the guest's name comes with the number, one table gives way to another unless they are put
 *  together, and a choice of tables survives its refresh. */

const AUTO = "auto";

function cardOf(element: EventTarget | null): HTMLFormElement | null {
  return element instanceof Element ? element.closest<HTMLFormElement>("form[data-card]") : null;
}

function field(card: HTMLFormElement, name: string): HTMLInputElement | null {
  return card.querySelector<HTMLInputElement>(`:is(input, textarea, select)[name="${name}"]`);
}

function tell(input: HTMLElement): void {
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Write what is known into a field, unless somebody has typed something else there. */
function suggest(input: HTMLInputElement | null, known: string, join: boolean): void {
  if (!input) return;
  const isOurs = input.value === "" || input.value === (input.dataset[AUTO] ?? "");
  if (isOurs && input !== document.activeElement) {
    if (input.value !== known) {
      input.value = known;
      tell(input);
    }
  } else if (join && known !== "" && !input.value.includes(known)) {
    // About the guest: nothing that is known already is overwritten by what was typed before the guest was known.
    input.value = `${known}\n${input.value}`;
    tell(input);
  }
  input.dataset[AUTO] = known;
}

function suggestGuest(card: HTMLFormElement, known: DOMStringMap): void {
  suggest(field(card, "guest_name"), known["knownName"] ?? "", false);
  suggest(field(card, "about"), known["knownAbout"] ?? "", true);
}

/** What the server has filled in itself may be replaced when another number is written. */
function rememberFilled(card: HTMLFormElement): void {
  const known = card.querySelector<HTMLElement>("#card-guest");
  if (!known || card.dataset["remembered"] !== undefined) return;
  card.dataset["remembered"] = "";
  for (const [name, value] of [
    ["guest_name", known.dataset["knownName"]],
    ["about", known.dataset["knownAbout"]],
  ] as const) {
    const input = field(card, name);
    if (input && value && input.value === value) input.dataset[AUTO] = value;
  }
}

function tables(card: HTMLFormElement): HTMLInputElement[] {
  return Array.from(card.querySelectorAll<HTMLInputElement>('input[name="tables"]'));
}

function several(card: HTMLFormElement): HTMLInputElement | null {
  return card.querySelector<HTMLInputElement>("[data-join-several]");
}

function seatsOf(chosen: HTMLInputElement[]): number {
  return chosen.reduce((sum, table) => sum + Number(table.dataset["seats"] ?? 0), 0);
}

function guestsOf(card: HTMLFormElement): number {
  return Number(field(card, "guests")?.value || 1);
}

function showChosen(card: HTMLFormElement): void {
  const chosen = tables(card).filter((table) => table.checked);
  const note = card.querySelector<HTMLElement>("[data-too-many]");
  if (note) note.hidden = chosen.length === 0 || seatsOf(chosen) >= guestsOf(card);
  const tag = card.closest(".drawer")?.querySelector<HTMLElement>("#card-hall");
  if (!tag) return;
  const halls = Array.from(new Set(chosen.map((table) => table.dataset["hall"] ?? "")));
  tag.textContent = halls.length > 0 ? (tag.dataset["pattern"] ?? "").replace("{name}", halls.join(", ")) : (tag.dataset["none"] ?? "");
}

/** A table that is enough for the party takes the place of the one before; otherwise they are put together. */
function choose(card: HTMLFormElement, table: HTMLInputElement): void {
  const others = tables(card).filter((other) => other !== table && other.checked);
  const together = several(card)?.checked ?? false;
  if (table.checked && !together && (seatsOf(others) >= guestsOf(card) || seatsOf([table]) >= guestsOf(card))) {
    for (const other of others) other.checked = false;
  }
  showChosen(card);
}

function join(card: HTMLFormElement, ids: string[]): void {
  for (const table of tables(card)) table.checked = ids.includes(table.value);
  const together = several(card);
  if (together) together.checked = ids.length > 1;
  showChosen(card);
}

function showStatus(card: HTMLFormElement): void {
  const control = card.querySelector<HTMLElement>("[data-status]");
  const option = control?.querySelector<HTMLSelectElement>("select")?.selectedOptions[0];
  if (control && option) control.querySelector<HTMLElement>(".swatch")?.setAttribute("data-tone", option.dataset["tone"] ?? "");
}

function prepare(card: HTMLFormElement): void {
  rememberFilled(card);
  showStatus(card);
  showChosen(card);
}

function changed(event: Event): void {
  const card = cardOf(event.target);
  const input = event.target as HTMLInputElement;
  if (!card) return;
  if (input.name === "tables") choose(card, input);
  if (input.name === "client" && input.type === "radio") suggestGuest(card, input.dataset);
  if (input.name === "guests") showChosen(card);
  if (input.name === "status") showStatus(card);
  // Which of the two the other follows: the server counts real hours, also in the night when the clocks change.
  const edited = field(card, "edited");
  const isAsked = (event as CustomEvent).detail !== "follows";
  if (edited && isAsked && ["start", "duration", "end"].includes(input.name)) edited.value = input.name;
}

function clicked(event: Event): void {
  const card = cardOf(event.target);
  if (!card) return;
  const group = (event.target as Element).closest<HTMLElement>("[data-join]");
  if (group) join(card, (group.dataset["join"] ?? "").split(","));
}

function chosenClient(known: ParentNode): HTMLInputElement | null {
  return known.querySelector<HTMLInputElement>('input[type="radio"]:checked');
}

/** While the tables are being asked for, the choice may change: what is chosen when the answer comes stays chosen. */
function keepChoice(): void {
  let kept: string[] = [];
  let together = false;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const target = (event as CustomEvent<{ target: Element }>).detail.target;
    const card = target.id === "card-tables" ? cardOf(target) : null;
    if (!card) return;
    kept = tables(card).filter((table) => table.checked).map((table) => table.value);
    together = several(card)?.checked ?? false;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const target = (event as CustomEvent<{ target: Element }>).detail.target;
    if (target.id !== "card-tables") return;
    const card = document.querySelector<HTMLFormElement>("form[data-card]");
    if (!card) return;
    for (const table of tables(card)) table.checked = kept.includes(table.value);
    const box = several(card);
    if (box) box.checked = together;
    showChosen(card);
  });
}

export function start(): void {
  document.addEventListener("change", changed);
  document.addEventListener("click", clicked);
  keepChoice();
  document.body.addEventListener("htmx:afterSettle", (event) => {
    const settled = event.target as Element;
    const card = settled.id === "drawer" ? settled.querySelector<HTMLFormElement>("form[data-card]") : cardOf(settled);
    if (!card) return;
    prepare(card);
    // What stands in the way is said at the top; the button that was pressed is at the bottom.
    if (settled.id === "drawer") card.querySelector(".drawer-body > .note.bad")?.scrollIntoView({ block: "center" });
    if (settled.id === "card-guest") suggestGuest(card, (chosenClient(settled) ?? (settled as HTMLElement)).dataset);
  });
  const card = document.querySelector<HTMLFormElement>("form[data-card]");
  if (card) prepare(card);
}
