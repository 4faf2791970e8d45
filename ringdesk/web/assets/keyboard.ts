/** Keys of the whole page: / searches, B opens a new reservation, digits answer popups, ? lists the keys, Esc closes. */

import { openDialog } from "./dialog";
import { close as closeDrawer, isOpen as isDrawerOpen } from "./drawer";
import { closeMenus } from "./menu";
import { answer } from "./popups";
import { isField } from "./requests";

function isTyping(): boolean {
  const element = document.activeElement;
  if (element instanceof HTMLInputElement && ["checkbox", "radio", "button", "range"].includes(element.type)) return false;
  return isField(element) || (element instanceof HTMLElement && element.isContentEditable);
}

/** Letters are known by their place, so that they also work in a Russian layout. */
function isKey(event: KeyboardEvent, character: string, code: string, shift = false): boolean {
  if (event.key === character) return true;
  return event.code === code && event.shiftKey === shift && !/^[\x20-\x7e]$/.test(event.key);
}

function isSlash(event: KeyboardEvent): boolean {
  // On a Russian layout this key writes a full stop.
  return event.key === "/" || (event.code === "Slash" && !event.shiftKey && event.key === ".");
}

function isQuestion(event: KeyboardEvent): boolean {
  return event.key === "?" || (event.code === "Slash" && event.shiftKey && event.key === ",");
}

function press(selector: string): boolean {
  const elements = Array.from(document.querySelectorAll<HTMLElement>(selector));
  const element = elements.find((candidate) => candidate.offsetParent !== null) ?? elements[0];
  element?.click();
  return element !== undefined;
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>("[data-search]");
  field?.focus();
  field?.select();
  return field !== null;
}

function escape(): boolean {
  if (closeMenus()) return true;
  const element = document.activeElement;
  if (element instanceof HTMLElement && element.closest(".search")) {
    element.blur();
    return true;
  }
  if (!isDrawerOpen()) return false;
  closeDrawer();
  return true;
}

function shortcut(event: KeyboardEvent): boolean {
  if (isSlash(event)) return focusSearch();
  if (isQuestion(event)) return openDialog("keys");
  if (/^[1-9]$/.test(event.key)) return answer(Number(event.key));
  if (isKey(event, "b", "KeyB") || event.key === "B") return press('[data-key="b"]');
  return false;
}

function save(event: KeyboardEvent): boolean {
  const field = event.target as Element;
  const form = field instanceof HTMLElement ? field.closest("form") : null;
  if (!form) return false;
  if (field instanceof HTMLTextAreaElement) {
    if (!event.ctrlKey && !event.metaKey) return false;
  } else if (!(field instanceof HTMLSelectElement && form.matches("[data-enter]"))) {
    // A text field submits its form by itself.
    return false;
  }
  form.requestSubmit();
  return true;
}

function pressed(event: KeyboardEvent): boolean {
  if (event.isComposing || event.defaultPrevented) return false;
  if (event.key === "Enter") return save(event);
  if (document.querySelector("dialog[open]")) return false;
  if (event.key === "Escape") return escape();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping()) return false;
  return shortcut(event);
}

export function start(): void {
  document.addEventListener("keydown", (event) => {
    if (pressed(event)) event.preventDefault();
  });
}
