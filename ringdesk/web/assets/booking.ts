/** The booking card: a free time is taken over by a click, services are found by typing, and the usual length and
 *  price stand where nothing else is typed. */

function cardOf(element: EventTarget | null): HTMLFormElement | null {
  return element instanceof Element ? element.closest<HTMLFormElement>("form[data-booking]") : null;
}

function tell(input: HTMLElement): void {
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function fill(card: HTMLFormElement, name: string, value: string): void {
  const input = card.elements.namedItem(name);
  if (!(input instanceof HTMLInputElement) || input.value === value) return;
  input.value = value;
  tell(input);
}

function takeTime(button: HTMLElement): void {
  const card = cardOf(button);
  if (!card) return;
  fill(card, "date", button.dataset["fillDate"] ?? "");
  fill(card, "start", button.dataset["fillStart"] ?? "");
  for (const other of card.querySelectorAll(".chip.time")) other.classList.toggle("on", other === button);
}

function showUsual(card: HTMLFormElement): void {
  const offer = card.querySelector<HTMLElement>("#card-offer");
  for (const [name, usual] of [
    ["duration", offer?.dataset["usualLength"]],
    ["price", offer?.dataset["usualPrice"]],
  ] as const) {
    const input = card.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.placeholder = usual ?? "";
  }
}

/** Spaces, case and ё are no difference to who looks for a word. */
function plain(text: string): string {
  return text.toLocaleLowerCase().replaceAll("ё", "е");
}

function filter(input: HTMLInputElement): void {
  const words = plain(input.value).split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll<HTMLElement>(input.dataset["filter"] ?? "")) {
    const text = plain(row.textContent ?? "");
    row.hidden = !words.every((word) => text.includes(word));
  }
}

/** A chosen service closes the list: what comes next is the time. */
function closePicker(input: HTMLInputElement): void {
  const picker = input.closest<HTMLDetailsElement>(".service-picker");
  if (!picker || !input.checked) return;
  picker.open = false;
  const search = picker.querySelector<HTMLInputElement>("[data-filter]");
  if (search) {
    search.value = "";
    filter(search);
  }
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-fill-start]");
    if (button) takeTime(button);
    if ((event.target as Element).closest("[data-print]")) window.print();
  });
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.dataset["filter"]) filter(input);
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (event.key !== "Enter" || !(input instanceof HTMLInputElement) || !input.dataset["filter"]) return;
    // Enter takes the first service that is left, instead of saving the card.
    event.preventDefault();
    const rows = Array.from(document.querySelectorAll<HTMLElement>(input.dataset["filter"]));
    rows.find((row) => !row.hidden)?.querySelector<HTMLInputElement>("input")?.click();
  });
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.name === "services" && cardOf(input)) closePicker(input);
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    document.querySelectorAll<HTMLFormElement>("form[data-booking]").forEach(showUsual);
  });
  document.querySelectorAll<HTMLFormElement>("form[data-booking]").forEach(showUsual);
}
