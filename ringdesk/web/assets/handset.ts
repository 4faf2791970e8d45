/** The handset at a phone number: pressed once it is busy until the PBX has answered, and says so meanwhile. */

import { text } from "./strings";
import { toast } from "./toast";

// Most PBXes answer sooner than that; then their answer is all there is to say.
const PATIENCE = 700;
const timers = new WeakMap<Element, number>();

function isHandset(element: EventTarget | null): element is HTMLElement {
  return element instanceof HTMLElement && element.hasAttribute("data-handset");
}

function isBusy(handset: HTMLElement): boolean {
  return handset.getAttribute("aria-disabled") === "true";
}

function begin(handset: HTMLElement): void {
  // Not `disabled`: that would take the focus away from who presses it by the keyboard.
  handset.setAttribute("aria-disabled", "true");
  timers.set(
    handset,
    window.setTimeout(() => toast(text("calling"), "info"), PATIENCE),
  );
}

function end(handset: HTMLElement): void {
  handset.removeAttribute("aria-disabled");
  window.clearTimeout(timers.get(handset));
  for (const old of document.querySelectorAll<HTMLElement>("#toasts .toast.info")) {
    if (old.querySelector("p")?.textContent === text("calling")) old.remove();
  }
}

export function start(): void {
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (!isHandset(event.target)) return;
    if (isBusy(event.target)) event.preventDefault();
    else begin(event.target);
  });
  // Before the answer's own message is shown.
  document.body.addEventListener("htmx:beforeOnLoad", (event) => {
    if (isHandset(event.target)) end(event.target);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (isHandset(event.target)) end(event.target);
  });
}
