/** The panel at the right: opens by htmx, closes by Esc, keeps the focus where it belongs, survives a reload. */

import { htmx } from "./requests";

const ADDRESS = "ringdesk:drawer";
let opener: HTMLElement | null = null;

function drawer(): HTMLElement | null {
  return document.getElementById("drawer");
}

export function isOpen(): boolean {
  return Boolean(drawer()?.firstElementChild);
}

/** Take the card away; what it was asking for has no place to arrive any more. */
function empty(box: HTMLElement): void {
  for (const asking of box.querySelectorAll("[hx-get]")) htmx.trigger(asking, "htmx:abort");
  box.replaceChildren();
}

/** Close the drawer and give the focus back to what opened it. */
export function close(): void {
  const box = drawer();
  if (!box || !isOpen()) return;
  box.dispatchEvent(new CustomEvent("ringdesk:drawer-closing"));
  empty(box);
  sessionStorage.removeItem(ADDRESS);
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
}

/** Put the cursor where typing begins: the marked field or the wrong one, else the first empty line; where all is
 *  filled in already, on the panel itself. */
export function focusFirst(box: HTMLElement): void {
  const marked = box.querySelector<HTMLElement>(
    ".field.invalid :is(input, select, textarea), [data-autofocus]:not(:disabled)",
  );
  const lines = box.querySelectorAll<HTMLInputElement>(
    "input:not([type=hidden], [type=checkbox], [type=radio], [type=search], :disabled, [readonly])",
  );
  const target = marked ?? Array.from(lines).find((line) => line.value === "");
  if (!target) box.tabIndex = -1;
  (target ?? box).focus({ preventScroll: target === undefined });
}

function watchRequests(box: HTMLElement): void {
  let shown = "";
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const detail = (event as CustomEvent<{ target: Element; elt: HTMLElement }>).detail;
    if (detail.target !== box) return;
    if (!box.contains(detail.elt)) opener = detail.elt;
  });
  // Another card is another card: nothing of the one before may be morphed into it.
  box.addEventListener("htmx:beforeSwap", (event) => {
    const answer = (event as CustomEvent<{ serverResponse: string; shouldSwap: boolean; target: Element }>).detail;
    const shownDraft = box.querySelector<HTMLElement>("[data-draft]")?.dataset["draft"];
    const nextDraft = /data-draft="([^"]*)"/.exec(answer.serverResponse)?.[1];
    if (answer.target === box && answer.shouldSwap && shownDraft !== nextDraft) empty(box);
  });
  box.addEventListener("htmx:afterSettle", (event) => {
    const detail = (event as CustomEvent<{ target: Element; requestConfig?: { verb: string; path: string }; pathInfo?: { finalRequestPath: string } }>).detail;
    // What a card asks for itself (its tables, its guest) is no other card.
    if (detail.target !== box) return;
    const panel = box.querySelector<HTMLElement>(".drawer");
    if (!panel) {
      shown = "";
      return;
    }
    if (detail.requestConfig?.verb === "get" && detail.pathInfo) {
      sessionStorage.setItem(ADDRESS, detail.pathInfo.finalRequestPath);
    }
    const title = panel.id || (panel.querySelector("form")?.getAttribute("data-draft") ?? "drawer");
    const fresh = title !== shown;
    const wrong = panel.querySelector(".field.invalid");
    shown = title;
    if (fresh) focusFirst(panel);
    else if (wrong && !panel.contains(document.activeElement)) focusFirst(panel);
  });
  box.addEventListener("ringdesk:drawer-closing", () => {
    shown = "";
  });
}

/** After a reload the card that was being written is opened again; drafts.ts fills in what was typed. */
function reopen(box: HTMLElement): void {
  const address = sessionStorage.getItem(ADDRESS);
  if (!address || isOpen()) return;
  const kept = Object.keys(sessionStorage).some((key) => key.startsWith("ringdesk:draft:"));
  if (kept) void htmx.ajax("get", address, { target: box });
  else sessionStorage.removeItem(ADDRESS);
}

export function start(): void {
  const box = drawer();
  if (!box) return;
  watchRequests(box);
  document.addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-drawer-close]")) close();
  });
  // After htmx is done with the answer that asked for it.
  document.body.addEventListener("drawer:close", () => window.setTimeout(close));
  window.addEventListener("load", () => reopen(box));
}
