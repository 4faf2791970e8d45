/** htmx, configured in one place: morphing swaps, no eval, CSRF, timeouts, errors told in the user's language. */

import htmx from "htmx.org";
import type { HtmxResponseInfo } from "htmx.org/dist/htmx.esm.js";
import { Idiomorph } from "idiomorph";

import { config, text } from "./strings";
import { toast } from "./toast";

/** Attributes that TypeScript sets: the server's markup knows nothing of them, so a morph leaves them. */
const OURS = new Set(["style", "tabindex", "data-placed", "data-place", "data-shown", "data-folded", "data-restored"]);

function isField(element: Element | null): boolean {
  return (
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement
  );
}

/** When a field was last filled in, and when the answer that is being shown was asked for (ms of the page's life). */
const filledAt = new WeakMap<Element, number>();
const askedAt = new WeakMap<XMLHttpRequest, number>();
let shownAskedAt = 0;

function watchTyping(): void {
  const fill = (field: Element): void => void filledAt.set(field, performance.now());
  document.addEventListener(
    "input",
    ({ target }) => {
      if (!(target instanceof HTMLInputElement) || target.type !== "radio") return fill(target as Element);
      // One of them on is the others off.
      (target.form ?? document).querySelectorAll(`[name="${CSS.escape(target.name)}"]`).forEach(fill);
    },
    { capture: true },
  );
  on("htmx:beforeSend", ({ detail }) => void askedAt.set(detail.xhr, performance.now()));
  on("htmx:beforeSwap", ({ detail }) => {
    shownAskedAt = askedAt.get(detail.xhr) ?? 0;
  });
}

/** Tell whether this was filled in while the answer was under way: the answer knows nothing of it. */
function isNewerThanAnswer(element: Element): boolean {
  const field = element instanceof HTMLOptionElement ? element.closest("select") : element;
  return field !== null && (filledAt.get(field) ?? -1) > shownAskedAt;
}

function keepsAttribute(name: string, element: Element, change: "update" | "remove"): boolean {
  if (["value", "checked", "selected"].includes(name) && isNewerThanAnswer(element)) return true;
  if (change === "remove" && OURS.has(name)) return true;
  // What the user has opened stays open.
  return name === "open" && (element instanceof HTMLDetailsElement || element instanceof HTMLDialogElement);
}

function morph(style: "innerHTML" | "outerHTML", target: Element, fragment: ParentNode & Node): Node[] {
  const content = style === "innerHTML" ? Array.from(fragment.childNodes) : Array.from(fragment.children);
  const result = Idiomorph.morph(target, content, {
    morphStyle: style,
    // What is being typed is never overwritten.
    ignoreActiveValue: isField(document.activeElement),
    callbacks: {
      beforeAttributeUpdated: (name, element, change) => !keepsAttribute(name, element, change),
      // What plays goes on playing; its page knows nothing of how far it is.
      beforeNodeMorphed: (node) => !(node instanceof Element && node.hasAttribute("data-playing")),
      beforeNodeRemoved: (node) => !(node instanceof Element && node.hasAttribute("data-keep")),
    },
  });
  return Array.isArray(result) ? result : [];
}

const STYLES: Record<string, "innerHTML" | "outerHTML"> = {
  morph: "outerHTML",
  "morph:outerHTML": "outerHTML",
  "morph:innerHTML": "innerHTML",
};

function defineMorphSwap(): void {
  htmx.defineExtension("morph", {
    isInlineSwap: (style) => STYLES[style] === "outerHTML",
    handleSwap: (style, target, fragment) => {
      const morphStyle = STYLES[style];
      if (!morphStyle) return false;
      return morph(morphStyle, target as Element, fragment as DocumentFragment);
    },
  });
}

function csrfToken(): string {
  // The cookie is fresher than the page when somebody has signed in in another tab.
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

function configure(): void {
  Object.assign(htmx.config, {
    defaultSwapStyle: "morph:innerHTML",
    allowEval: false,
    // A board that refreshes itself must not lend its target and swap to every link inside it.
    disableInheritance: true,
    allowScriptTags: false,
    includeIndicatorStyles: false,
    historyEnabled: false,
    historyCacheSize: 0,
    selfRequestsOnly: true,
    scrollIntoViewOnBoost: false,
    timeout: 15_000,
    defaultSettleDelay: 0,
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..", swap: true },
      // The form again, with what is wrong beside its field.
      { code: "4(09|22)", swap: true, error: false },
      { code: "[45]..", swap: false, error: true },
    ],
  });
}

type HtmxEvent = CustomEvent<HtmxResponseInfo & { elt: HTMLElement }>;

function on(name: string, listener: (event: HtmxEvent) => void): void {
  document.body.addEventListener(name, (event) => listener(event as HtmxEvent));
}

/** Send again what failed; what was typed is still in the page. */
function again(event: HtmxEvent): void {
  const request = event.detail.requestConfig;
  const element = event.detail.elt;
  if (!element.isConnected) return;
  if (element instanceof HTMLFormElement && request.verb !== "get") {
    element.requestSubmit();
    return;
  }
  void htmx.ajax(request.verb, request.path, {
    source: element,
    event: new Event("retry"),
    target: request.target,
    values: request.formData,
  });
}

/** Requests nobody pressed a button for (live refreshes) fail quietly: the offline bar tells about the network. */
function wasAsked(event: HtmxEvent): boolean {
  const cause = event.detail.requestConfig.triggeringEvent as Event | undefined;
  return cause !== undefined && !/^(ringdesk:|hx:|load$|every$)/.test(cause.type);
}

function tellFailure(event: HtmxEvent, message: string): void {
  // The server has said more exactly what is wrong.
  if (!wasAsked(event) || /"toast"|page:stale/.test(event.detail.xhr.getResponseHeader("HX-Trigger") ?? "")) return;
  toast(message, "bad", { label: text("retry"), run: () => again(event) });
}

/** Say that the session is over, and offer to sign in; drafts keep what was typed. */
export function tellSignedOut(): void {
  const here = location.pathname + location.search;
  toast(text("signed_out"), "warn", {
    label: text("sign_in"),
    run: () => location.assign(`${config.login}?next=${encodeURIComponent(here)}`),
  });
}

function isLoginPage(xhr: XMLHttpRequest): boolean {
  if (!config.login || !xhr.responseURL) return false;
  return new URL(xhr.responseURL).pathname.startsWith(config.login);
}

/** The element that asked may be gone when the answer comes (a popup dismissed elsewhere): htmx would look for the
 *  morph extension above it in vain. Its answer is still good for the target. */
function swapForTheGone(detail: HtmxResponseInfo & { shouldSwap: boolean; serverResponse: string }): void {
  const asker = detail.requestConfig.elt;
  if (asker.isConnected || !detail.shouldSwap) return;
  detail.shouldSwap = false;
  const isNone = asker.getAttribute("hx-swap") === "none" || detail.xhr.getResponseHeader("HX-Reswap") === "none";
  if (isNone || !detail.target.isConnected) return;
  htmx.swap(
    detail.target,
    detail.serverResponse,
    { swapStyle: "morph:innerHTML", swapDelay: 0, settleDelay: 0 },
    { contextElement: document.body, eventInfo: detail },
  );
}

/** Where the place of an answer is gone too (a card closed meanwhile), nothing is shown. Heard on the place itself, which
 *  has no page around it any more: there htmx would look for the morph extension without end. */
function dropForTheGone(this: Element, event: Event): void {
  if (!this.isConnected) (event as CustomEvent<{ shouldSwap: boolean }>).detail.shouldSwap = false;
}

function messageOf(xhr: XMLHttpRequest): string {
  if (xhr.status === 403) return text("forbidden");
  if (xhr.status === 404) return text("not_found");
  if (xhr.status === 413) return text("too_large");
  if (xhr.status === 429) return text("too_many");
  return text("server_failed");
}

function watchFailures(): void {
  on("htmx:beforeSend", ({ detail }) => detail.target.addEventListener("htmx:beforeSwap", dropForTheGone));
  on("htmx:configRequest", (event) => {
    const request = (event as unknown as CustomEvent<{ verb: string; headers: Record<string, string> }>).detail;
    if (request.verb !== "get") request.headers["X-CSRFToken"] = csrfToken();
  });
  on("htmx:beforeSwap", (event) => {
    const detail = (event as unknown as CustomEvent<HtmxResponseInfo & { shouldSwap: boolean; serverResponse: string }>)
      .detail;
    if (isLoginPage(detail.xhr)) {
      detail.shouldSwap = false;
      tellSignedOut();
    }
    swapForTheGone(detail);
  });
  on("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) tellSignedOut();
    else tellFailure(event, messageOf(event.detail.xhr));
  });
  document.body.addEventListener("page:stale", () => {
    toast(text("stale"), "bad", { label: text("reload"), run: () => location.reload() });
  });
  on("htmx:sendError", (event) => tellFailure(event, text("no_connection")));
  on("htmx:timeout", (event) => tellFailure(event, text("too_slow")));
}

function showProgress(): void {
  const line = document.getElementById("progress");
  if (!line) return;
  let underWay = 0;
  on("htmx:beforeSend", (event) => {
    if (!wasAsked(event)) return;
    underWay += 1;
    line.classList.add("on");
  });
  on("htmx:afterRequest", (event) => {
    if (!wasAsked(event)) return;
    underWay = Math.max(0, underWay - 1);
    if (underWay === 0) line.classList.remove("on");
  });
}

export function start(): void {
  configure();
  defineMorphSwap();
  watchTyping();
  watchFailures();
  showProgress();
}

export { htmx, isField };
