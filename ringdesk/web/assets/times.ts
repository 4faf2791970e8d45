/** Times as people type them (9, 930, 19.30) become HH:MM, whatever clock the browser's own language prefers; arrows
 *  move by a quarter of an hour. Inside [data-span] start, length and end follow from each other. */

const DAY = 1440;
const STEP = 15;

/** Return minutes of what was typed, or null when it is no time. A length may exceed a day, a time may not. */
export function minutesOf(typed: string, isLength: boolean): number | null {
  const parts = /^\s*(\d{1,2})\s*[:.,\-\s]\s*(\d{1,2})\s*$/.exec(typed) ?? /^\s*(\d{1,2}?)(\d{2})?\s*$/.exec(typed);
  if (!parts) return null;
  const hours = Number(parts[1]);
  const minutes = Number(parts[2] ?? 0);
  if (minutes > 59 || hours > (isLength ? 47 : 24)) return null;
  const total = hours * 60 + minutes;
  return isLength ? total : total % DAY;
}

export function clockOf(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function isLength(input: HTMLInputElement): boolean {
  return input.dataset["time"] === "length";
}

function tell(input: HTMLInputElement): void {
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: "follows" }));
}

function write(input: HTMLInputElement | null, minutes: number): void {
  if (!input || input.value === clockOf(minutes)) return;
  input.value = clockOf(minutes);
  tell(input);
}

function part(span: Element, name: string): HTMLInputElement | null {
  return span.querySelector<HTMLInputElement>(`input[data-time="${name}"]`);
}

/** Let the end follow from start and length, or the length from start and end. */
function follow(input: HTMLInputElement): void {
  const span = input.closest("[data-span]");
  if (!span) return;
  const [start, length, end] = [part(span, "start"), part(span, "length"), part(span, "end")];
  const begins = start && minutesOf(start.value, false);
  if (begins === null) return;
  if (input === end) {
    const ends = minutesOf(end.value, false);
    if (ends !== null) write(length, (ends - begins + DAY - 1) % DAY + 1);
    return;
  }
  const lasts = length && minutesOf(length.value, true);
  if (lasts) write(end, (begins + lasts) % DAY);
}

function settle(input: HTMLInputElement): void {
  const minutes = minutesOf(input.value, isLength(input));
  if (minutes !== null) input.value = clockOf(minutes);
  follow(input);
}

function turn(input: HTMLInputElement, direction: number): void {
  const minutes = minutesOf(input.value, isLength(input));
  if (minutes === null) return;
  const next = direction > 0 ? Math.floor(minutes / STEP) * STEP + STEP : Math.ceil(minutes / STEP) * STEP - STEP;
  const value = isLength(input) ? Math.max(STEP, next) : (next + DAY) % DAY;
  input.value = clockOf(value);
  follow(input);
  tell(input);
}

function timeField(target: EventTarget | null): HTMLInputElement | null {
  return target instanceof HTMLInputElement && target.dataset["time"] !== undefined ? target : null;
}

export function start(): void {
  // Before htmx and the drafts look at the value, it is written as it will be sent.
  document.addEventListener(
    "change",
    (event) => {
      const input = timeField(event.target);
      if (input && (event as CustomEvent).detail !== "follows") settle(input);
    },
    { capture: true },
  );
  document.addEventListener("keydown", (event) => {
    const input = timeField(event.target);
    if (!input || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    turn(input, event.key === "ArrowUp" ? 1 : -1);
  });
  // Enter sends a form before the field has told of its change.
  document.addEventListener(
    "submit",
    (event) => {
      for (const field of (event.target as HTMLFormElement).elements) {
        const input = timeField(field);
        if (input) settle(input);
      }
    },
    { capture: true },
  );
}
