/** Native dialogs: opened by data-dialog, closed by data-dialog-close; data-confirm asks before something is done. */

import { text } from "./strings";

function byId(id: string): HTMLDialogElement | null {
  const element = document.getElementById(id);
  return element instanceof HTMLDialogElement ? element : null;
}

/** Open the dialog with this id; false when the page has none. */
export function openDialog(id: string): boolean {
  const dialog = byId(id);
  if (!dialog) return false;
  if (!dialog.open) dialog.showModal();
  return true;
}

/** Ask; the answer comes as true or false. Without a dialog in the page the browser's own question is used. */
export function confirmed(question: string, label = "", isDanger = false): Promise<boolean> {
  const dialog = byId("confirm");
  if (!dialog) return Promise.resolve(window.confirm(question));
  const words = dialog.querySelector("[data-confirm-text]");
  const yes = dialog.querySelector<HTMLButtonElement>("[data-confirm-yes]");
  if (words) words.textContent = question;
  if (yes) {
    yes.textContent = label || text("confirm");
    yes.classList.toggle("danger", isDanger);
  }
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function ask(element: HTMLElement): Promise<boolean> {
  const label = element.dataset["confirmLabel"] ?? "";
  return confirmed(element.dataset["confirm"] ?? "", label, element.classList.contains("danger"));
}

function watchHtmx(): void {
  document.body.addEventListener("htmx:confirm", (event) => {
    const { elt, issueRequest, triggeringEvent } = (
      event as CustomEvent<{ elt: HTMLElement; issueRequest: (skip: boolean) => void; triggeringEvent?: SubmitEvent }>
    ).detail;
    const submitter = triggeringEvent?.submitter;
    const asking = submitter?.dataset["confirm"] ? submitter : elt;
    if (!asking.dataset["confirm"]) return;
    event.preventDefault();
    void ask(asking).then((isSure) => {
      if (isSure) issueRequest(true);
    });
  });
}

function watchPlainForms(): void {
  const agreed = new WeakSet<HTMLFormElement>();
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const submitter = event.submitter;
    const asking = submitter?.dataset["confirm"] ? submitter : form;
    if (event.defaultPrevented || !asking.dataset["confirm"] || agreed.delete(form)) return;
    event.preventDefault();
    void ask(asking).then((isSure) => {
      if (!isSure) return;
      agreed.add(form);
      form.requestSubmit(submitter);
    });
  });
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-dialog]");
    if (opener) openDialog(opener.dataset["dialog"] ?? "");
    if (target.closest("[data-dialog-close]")) target.closest("dialog")?.close();
    // A press on the veil around the dialog.
    if (target instanceof HTMLDialogElement && target.open) {
      const box = target.getBoundingClientRect();
      const { clientX: x, clientY: y } = event;
      if (x < box.left || x > box.right || y < box.top || y > box.bottom) target.close();
    }
  });
  document.body.addEventListener("dialog:close", () => {
    document.querySelectorAll<HTMLDialogElement>("dialog[open]").forEach((dialog) => dialog.close());
  });
  watchHtmx();
  watchPlainForms();
}
