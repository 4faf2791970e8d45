/** Call windows: the card of who is on the line opens by itself, on one tab, and never over what somebody has opened
 *  or is typing. */

import type { HtmxResponseInfo } from "htmx.org/dist/htmx.esm.js";

import { now } from "./clock";
import { isOpen } from "./drawer";
import { isAnyTabVisible, isLeading } from "./leader";
import { type FrameEvent, onLive } from "./live";
import { htmx, isField } from "./requests";
import { config, text } from "./strings";
import { toast } from "./toast";

interface CallWindow {
  call_id: string;
  moment: string;
  kind: "client" | "unknown" | "choice" | "interaction";
  url: string;
  notify: boolean;
  caller: string;
}

/** What is older has been overtaken by events: it comes back after a reload or a lost connection. */
const FRESH = 60_000;
const REMEMBERED = 100;
const key = `ringdesk:windows:${config.organization ?? 0}:${config.member ?? 0}`;

/** Tell whether this call's window of this moment was opened before, on whatever tab; from now on it was. */
function wasOpened(shown: CallWindow): boolean {
  const name = `${shown.call_id}:${shown.moment}`;
  const opened = JSON.parse(localStorage.getItem(key) ?? "[]") as string[];
  if (opened.includes(name)) return true;
  localStorage.setItem(key, JSON.stringify([...opened, name].slice(-REMEMBERED)));
  return false;
}

function hasChanged(field: Element): boolean {
  if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) {
    return field.checked !== field.defaultChecked;
  }
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
    return field.type !== "hidden" && field.value !== field.defaultValue;
  }
  if (!(field instanceof HTMLSelectElement)) return false;
  const options = Array.from(field.options);
  return options.some((option) => option.defaultSelected) && options.some((one) => one.selected !== one.defaultSelected);
}

/** Forms somebody has begun to fill in: once the server has shown them again, their fields look untouched. */
const begun = new WeakSet<Element>();

function watchForms(): void {
  document.addEventListener("input", (event) => {
    const field = event.target as Element;
    const form = field.closest("#drawer form");
    if (form && event.isTrusted && !field.matches("[type=search]")) begun.add(form);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, requestConfig, successful } = (event as CustomEvent<HtmxResponseInfo & { elt: Element }>).detail;
    if (successful && requestConfig.verb !== "get") begun.delete(elt);
  });
}

/** The window in the panel, and those on their way there, by address. ``isWanted``: somebody has clicked for it. */
let opened: Element | null = null;
const asked = new Map<string, { shown: CallWindow; isWanted: boolean }>();

/** Tell whether a window would take away what somebody has opened, or typed into what opened by itself. */
function isDrawerTaken(): boolean {
  const box = document.getElementById("drawer");
  if (!box || !isOpen()) return false;
  if (box.firstElementChild !== opened) return true;
  const isBegun = Array.from(box.querySelectorAll("form")).some((form) => begun.has(form));
  return isBegun || Array.from(box.querySelectorAll("input, textarea, select")).some(hasChanged);
}

function isTyping(): boolean {
  const field = document.activeElement;
  if (!isField(field) || field instanceof HTMLSelectElement) return false;
  return (field as HTMLInputElement | HTMLTextAreaElement).value !== "" && hasChanged(field as Element);
}

function isFree(): boolean {
  return !isDrawerTaken() && !isTyping() && !document.querySelector("dialog[open]");
}

function callerOf(shown: CallWindow): string {
  return shown.caller || text("number_hidden");
}

/** Show the window in the panel. */
function open(shown: CallWindow, isWanted: boolean): void {
  const box = document.getElementById("drawer");
  if (!box) {
    location.assign(shown.url);
    return;
  }
  asked.set(shown.url, { shown, isWanted });
  void htmx.ajax("get", shown.url, { target: box });
}

function offer(shown: CallWindow): void {
  toast(text("window", { caller: callerOf(shown) }), "info", { label: text("open"), run: () => open(shown, true) });
}

function notify(shown: CallWindow): void {
  if (!shown.notify || isAnyTabVisible()) return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const title = text(shown.kind === "interaction" ? "notification_created" : "notification_window");
  const shownNow = new Notification(title, { body: callerOf(shown), tag: `ringdesk-window-${shown.call_id}` });
  shownNow.addEventListener("click", () => {
    window.focus();
    shownNow.close();
  });
}

function heard({ frames }: FrameEvent): void {
  if (!isLeading()) return;
  const fresh = frames
    .filter((frame) => now() - Date.parse(frame.at ?? "") < FRESH)
    .map((frame) => frame["window"] as CallWindow)
    .filter((shown) => !wasOpened(shown));
  const last = fresh.at(-1);
  for (const shown of fresh) {
    notify(shown);
    if (shown !== last) offer(shown);
  }
  if (!last) return;
  if (isFree()) open(last, false);
  else offer(last);
}

/** While the window was under way somebody may have opened a card: then it is offered too. */
function watchArrival(): void {
  const arriving = (event: Event): string => {
    const { target, requestConfig } = (event as CustomEvent<HtmxResponseInfo>).detail;
    return target.id === "drawer" && asked.has(requestConfig.path) ? requestConfig.path : "";
  };
  document.addEventListener(
    "htmx:beforeSwap",
    (event) => {
      const address = arriving(event);
      const coming = asked.get(address);
      if (!coming || coming.isWanted || isFree()) return;
      (event as CustomEvent<{ shouldSwap: boolean }>).detail.shouldSwap = false;
      asked.delete(address);
      offer(coming.shown);
    },
    { capture: true },
  );
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!asked.delete(arriving(event))) return;
    opened = document.getElementById("drawer")?.firstElementChild ?? null;
  });
}

/** The button in the settings and the profile that asks the browser, and what stands there when it refuses. */
function showPermission(): void {
  const state = "Notification" in window && window.isSecureContext ? Notification.permission : "none";
  for (const part of document.querySelectorAll<HTMLElement>("[data-permission-when]")) {
    part.hidden = part.dataset["permissionWhen"] !== state;
  }
}

export function start(): void {
  if (config.member === null) return;
  onLive("window.open", heard);
  watchForms();
  watchArrival();
  showPermission();
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("[data-permission-ask]")) return;
    void Notification.requestPermission().then(showPermission);
  });
}
