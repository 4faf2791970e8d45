/** Nothing typed is lost: a form with data-draft keeps its touched fields in sessionStorage through a reload, a lost
 *  connection and an expired session, until it was saved or thrown away. */

import { config, text } from "./strings";
import { toast } from "./toast";

const PREFIX = `ringdesk:draft:${config.organization ?? 0}:${config.member ?? 0}:`;
const SENT = "ringdesk:draft-sent";
const SIGNED_OUT = "ringdesk:draft-signed-out";
type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Draft = Record<string, string | boolean>;

const ready = new WeakMap<HTMLFormElement, string>();
/** What tells of a restored form and offers to discard it, by the form's key; it goes when the form is saved. */
const offers = new Map<string, HTMLElement>();

function keyOf(form: HTMLFormElement): string {
  return PREFIX + (form.dataset["draft"] ?? "");
}

function load(form: HTMLFormElement): Draft {
  return JSON.parse(sessionStorage.getItem(keyOf(form)) ?? "{}") as Draft;
}

function isKept(element: EventTarget | null): element is Field {
  if (
    !(
      element instanceof HTMLInputElement ||
      element instanceof HTMLSelectElement ||
      element instanceof HTMLTextAreaElement
    )
  ) {
    return false;
  }
  if (!element.name || element.closest("[data-draft-skip]")) return false;
  return !["password", "file", "hidden", "submit"].includes(element.type);
}

function isToggle(field: Field): field is HTMLInputElement {
  return field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio");
}

function nameOf(field: Field): string {
  return isToggle(field) ? `${field.name}=${field.value}` : field.name;
}

function keep(field: Field): void {
  const form = field.form;
  if (!form?.dataset["draft"]) return;
  const draft = load(form);
  if (isToggle(field) && field.type === "radio") {
    for (const name of Object.keys(draft)) if (name.startsWith(`${field.name}=`)) delete draft[name];
  }
  draft[nameOf(field)] = isToggle(field) ? field.checked : field.value;
  sessionStorage.setItem(keyOf(form), JSON.stringify(draft));
}

/** Throw away what was kept of this form. */
function forget(form: HTMLFormElement): void {
  const key = keyOf(form);
  sessionStorage.removeItem(key);
  offers.get(key)?.remove();
  offers.delete(key);
}

function put(field: Field, value: string | boolean): boolean {
  if (isToggle(field)) {
    if (field.checked === value) return false;
    field.checked = Boolean(value);
  } else {
    if (field.value === value) return false;
    field.value = String(value);
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

function restore(form: HTMLFormElement): void {
  const draft = load(form);
  let changed = false;
  for (const field of Array.from(form.elements)) {
    if (!isKept(field)) continue;
    const value = draft[nameOf(field)];
    if (value !== undefined) changed = put(field, value) || changed;
  }
  if (!changed) return;
  form.dataset["restored"] = "1";
  const offer = toast(text("restored"), "info", {
    label: text("discard"),
    run: () => {
      forget(form);
      form.reset();
      form.dispatchEvent(new Event("change", { bubbles: true }));
    },
  });
  if (offer) offers.set(keyOf(form), offer);
}

function prepare(form: HTMLFormElement): void {
  const key = keyOf(form);
  if (ready.get(form) === key) return;
  ready.set(form, key);
  // The server has just shown what was sent, and what is wrong with it: that is the fresher truth.
  if (form.querySelector(".field.invalid, .note.bad")) return;
  restore(form);
}

function prepareAll(): void {
  document.querySelectorAll<HTMLFormElement>("form[data-draft]").forEach(prepare);
}

/** A page form was sent and this page is the answer: a form of the same name with errors means refused. */
function settleSent(): void {
  if (document.body.matches("[data-signed-out]")) {
    sessionStorage.setItem(SIGNED_OUT, "1");
    return;
  }
  const sent = sessionStorage.getItem(SENT);
  const wasSignedOut = sessionStorage.getItem(SIGNED_OUT) !== null;
  sessionStorage.removeItem(SENT);
  sessionStorage.removeItem(SIGNED_OUT);
  if (!sent || wasSignedOut) return;
  const refused = Array.from(document.querySelectorAll<HTMLFormElement>("form[data-draft]")).some(
    (form) => keyOf(form) === sent && form.querySelector(".field.invalid, .note.bad") !== null,
  );
  if (!refused) sessionStorage.removeItem(sent);
}

function watchHtmx(): void {
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { xhr, requestConfig } = (
      event as CustomEvent<{ xhr: XMLHttpRequest; requestConfig: { verb: string; elt: Element } }>
    ).detail;
    // Not event.target: a form that its own answer removed tells of it through a parent.
    const form = requestConfig.elt;
    if (!(form instanceof HTMLFormElement) || !form.dataset["draft"] || requestConfig.verb === "get") return;
    const wentToLogin = config.login !== "" && new URL(xhr.responseURL || location.href).pathname.startsWith(config.login);
    if (xhr.status >= 200 && xhr.status < 300 && !wentToLogin) forget(form);
  });
  document.body.addEventListener("htmx:afterSettle", prepareAll);
}

export function start(): void {
  settleSent();
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      if (isKept(event.target)) keep(event.target);
    });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.dataset["draft"] && !event.defaultPrevented) sessionStorage.setItem(SENT, keyOf(form));
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("[data-drawer-close], [data-draft-discard]");
    const form = button?.closest("form");
    if (form?.dataset["draft"]) forget(form);
  });
  watchHtmx();
  prepareAll();
}
