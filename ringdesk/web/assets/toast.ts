/** Short messages over the page. They never take the focus and never move anything. */

import { htmx } from "./requests";
import { text } from "./strings";

export type Tone = "ok" | "bad" | "warn" | "info";

export interface ToastAction {
  label: string;
  run: () => void;
}

const ICONS: Record<Tone, string> = { ok: "check", bad: "alert", warn: "alert", info: "info" };

/** Return an <svg> of the sprite, as the template tag `icon` writes it. */
export function icon(name: string): SVGSVGElement {
  const sprite = document.body.dataset["icons"] ?? "";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

function forgetLater(toast: HTMLElement): void {
  const wait = toast.classList.contains("bad") ? 12_000 : 5_000;
  let timer = window.setTimeout(() => toast.remove(), wait);
  toast.addEventListener("pointerenter", () => window.clearTimeout(timer));
  toast.addEventListener("focusin", () => window.clearTimeout(timer));
  toast.addEventListener("pointerleave", () => {
    timer = window.setTimeout(() => toast.remove(), 3_000);
  });
}

/** Show a message, and return it so that it can be taken away; with an action it also gets a button. The same text is
 *  shown once. */
export function toast(message: string, tone: Tone = "info", action?: ToastAction): HTMLElement | null {
  const box = document.getElementById("toasts");
  if (!box || !message) return null;
  for (const old of box.querySelectorAll<HTMLElement>(".toast")) {
    // Good news is old news once something else has happened.
    if (old.classList.contains("ok") || old.querySelector("p")?.textContent === message) old.remove();
  }
  const element = document.createElement("div");
  element.className = `toast ${tone}`;
  element.setAttribute("role", tone === "bad" ? "alert" : "status");
  const words = document.createElement("p");
  words.textContent = message;
  element.append(icon(ICONS[tone]), words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn small";
    button.textContent = action.label;
    button.addEventListener("click", () => {
      element.remove();
      action.run();
    });
    element.append(button);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn ghost small icon-only";
  close.setAttribute("aria-label", text("close"));
  close.append(icon("close"));
  close.addEventListener("click", () => element.remove());
  element.append(close);
  box.append(element);
  forgetLater(element);
  return element;
}

interface Asked {
  text?: string;
  value?: string;
  tone?: unknown;
  action?: { label: string; method: "get" | "post"; url: string };
}

/** What the server offers with a message: to take back what was done (post), or a panel to look at (get). */
function actionOf(asked: Asked["action"]): ToastAction | undefined {
  if (!asked) return undefined;
  const run = (): void => {
    const options = asked.method === "get" ? { target: "#drawer", swap: "morph:innerHTML" as const } : { target: "body", swap: "none" as const };
    void htmx.ajax(asked.method, asked.url, { source: document.body, ...options });
  };
  return { label: asked.label, run };
}

function isTone(value: unknown): value is Tone {
  return value === "ok" || value === "bad" || value === "warn" || value === "info";
}

export function start(): void {
  for (const element of document.querySelectorAll<HTMLElement>("#toasts .toast")) {
    element.querySelector("button")?.addEventListener("click", () => element.remove());
    forgetLater(element);
  }
  // The server may ask for one by the response header HX-Trigger: {"toast": {"text": …, "tone": …}}.
  document.body.addEventListener("toast", (event) => {
    const detail = (event as CustomEvent<Asked>).detail;
    toast(detail.text ?? detail.value ?? "", isTone(detail.tone) ? detail.tone : "ok", actionOf(detail.action));
  });
}
