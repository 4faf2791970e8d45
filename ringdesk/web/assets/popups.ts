/** Waiting calls: kept fresh by the live channel, counted, announced, answered by digits, never in the way. */

import { everySecond, tickNow } from "./clock";
import { isAnyTabVisible, isLeading, onTabs, tellTabs } from "./leader";
import { onLive, send } from "./live";
import { htmx, isField } from "./requests";
import { startRinging, stopRinging, isMuted } from "./sound";
import { config, text, textFor } from "./strings";
import { isQuiet } from "./quiet";

const REFRESHING = [
  "call.ringing",
  "call.answered",
  "call.held",
  "call.transferred",
  "call.ended",
  "call.linked",
  "popup.closed",
  "reservation.changed",
  "refresh",
];
const COALESCE = 320;
const AT_WORK = 3_000;
const plainTitle = document.title.replace(/^\(\d+\) /, "");
const announced = new Set<string>();
const reported = new Set<string>();
let firstLook = true;
let timer = 0;
let asked = false;
let touchedAt = -Infinity;

function stack(): HTMLElement | null {
  return document.getElementById("popups");
}

/** Return the waiting popups as they stand, oldest first. */
export function waiting(): HTMLElement[] {
  return Array.from(stack()?.querySelectorAll<HTMLElement>(".pop:not(.leaving)") ?? []);
}

function moment(value: string | undefined): number {
  return Date.parse(value ?? "");
}

/** Ask for the popups again: at once, then at most about three times a second. */
function refetch(): void {
  asked = true;
  if (timer !== 0) return;
  asked = false;
  timer = window.setTimeout(() => {
    timer = 0;
    if (asked) refetch();
  }, COALESCE);
  const element = stack();
  if (element) htmx.trigger(element, "ringdesk:popups");
}

function callerOf(pop: HTMLElement): string {
  return pop.dataset["caller"] ?? "";
}

function announce(pop: HTMLElement): void {
  const line = document.getElementById("announcer");
  if (line) line.textContent = text("announce", { caller: callerOf(pop) });
}

function notify(pop: HTMLElement): void {
  if (localStorage.getItem("ringdesk:notifications") !== "1" || isAnyTabVisible()) return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(text("notification"), {
    body: callerOf(pop),
    tag: `ringdesk-${pop.dataset["popup"] ?? ""}`,
    silent: true,
  });
  shown.addEventListener("click", () => {
    window.focus();
    shown.close();
  });
}

function greet(pop: HTMLElement): void {
  const id = pop.dataset["popup"] ?? "";
  if (!reported.has(id) && send({ type: "shown", popup: Number(id) })) reported.add(id);
  if (announced.has(id)) return;
  announced.add(id);
  delete stack()?.dataset["folded"];
  // What already waited when the page was opened is no news.
  if (firstLook || pop.dataset["state"] !== "ringing") return;
  announce(pop);
  if (isLeading() && !isQuiet()) notify(pop);
}

function countWaiting(pops: HTMLElement[]): void {
  const ringing = pops.some((pop) => pop.dataset["state"] === "ringing");
  document.title = pops.length > 0 ? `(${pops.length}) ${plainTitle}` : plainTitle;
  for (const chip of document.querySelectorAll<HTMLElement>("[data-waiting]")) {
    chip.hidden = pops.length === 0;
    chip.classList.toggle("ringing", ringing);
    const words = chip.querySelector("[data-waiting-text]");
    if (words) words.textContent = textFor("waiting", pops.length);
    const short = chip.querySelector("[data-waiting-count]");
    if (short) short.textContent = String(pops.length);
    chip.setAttribute("aria-label", textFor("waiting", pops.length));
  }
}

function ring(pops: HTMLElement[]): void {
  const ringing = pops.some((pop) => pop.dataset["state"] === "ringing");
  if (ringing && isLeading() && !isQuiet() && !isMuted()) startRinging();
  else stopRinging();
}

function overlaps(one: DOMRect, other: DOMRect): boolean {
  return (
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
  );
}

/** Stand where the field being typed in is not: at the right, else at the left, else only in the header's chip. */
function place(): void {
  const box = stack();
  if (!box) return;
  const field = document.activeElement;
  delete box.dataset["place"];
  if (box.dataset["shown"] !== undefined) return;
  if (!isField(field) || box.contains(field) || waiting().length === 0) return;
  const taken = (field as Element).getBoundingClientRect();
  const covers = (): boolean => waiting().some((pop) => overlaps(pop.getBoundingClientRect(), taken));
  if (!covers()) return;
  box.dataset["place"] = "left";
  if (covers()) box.dataset["place"] = "none";
}

/** Bring a ringing call into sight where others fill the stack, but never from under somebody's finger. */
function reveal(pop: HTMLElement | undefined): void {
  const box = stack();
  if (!box || !pop || performance.now() - touchedAt < AT_WORK) return;
  const edge = parseFloat(getComputedStyle(box).paddingTop);
  const top = pop.offsetTop - edge;
  const bottom = pop.offsetTop + pop.offsetHeight + edge;
  if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  if (top < box.scrollTop) box.scrollTop = top;
}

/** Look at what stands there now: after a fetch, after a dismissal, once a second. */
function look(): void {
  const pops = waiting();
  if (pops.length === 0) delete stack()?.dataset["shown"];
  countWaiting(pops);
  const rung = pops.filter((pop) => pop.dataset["state"] === "ringing" && !announced.has(pop.dataset["popup"] ?? ""));
  for (const pop of pops) greet(pop);
  reveal(rung[0]);
  ring(pops);
  place();
}

function countDown(current: number): void {
  let gone = false;
  for (const pop of waiting()) {
    const created = moment(pop.dataset["created"]);
    const expires = moment(pop.dataset["expires"]);
    const left = (expires - current) / Math.max(1, expires - created);
    pop.style.setProperty("--left", String(Math.min(1, Math.max(0, left))));
    if (current >= expires) {
      pop.remove();
      gone = true;
    }
  }
  if (gone) look();
  else ring(waiting());
}

function hide(pop: HTMLElement): void {
  pop.classList.add("leaving");
  look();
}

function watchDismissals(box: HTMLElement): void {
  box.addEventListener("htmx:beforeRequest", (event) => {
    const button = event.target as HTMLElement;
    if (button.matches("[data-dismiss]")) {
      const pop = button.closest<HTMLElement>(".pop");
      if (pop) {
        hide(pop);
        tellTabs({ type: "dismissed", popup: pop.dataset["popup"] ?? "" });
      }
    } else if (button.matches("[data-dismiss-all]")) {
      waiting().forEach((pop) => pop.classList.add("leaving"));
      look();
      tellTabs({ type: "dismissed-all" });
    }
  });
  box.addEventListener("htmx:afterRequest", (event) => {
    const detail = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
    const button = event.target as HTMLElement;
    if (!button.matches("[data-dismiss], [data-dismiss-all]")) return;
    // Refused or lost: what was hidden too soon comes back.
    if (detail.xhr.status < 200 || detail.xhr.status >= 400) {
      box.querySelectorAll(".pop.leaving").forEach((pop) => pop.classList.remove("leaving"));
      look();
    }
  });
  onTabs((message) => {
    for (const pop of waiting()) {
      if (message.type === "dismissed-all") hide(pop);
      else if (message.type === "dismissed" && pop.dataset["popup"] === message.popup) hide(pop);
    }
  });
}

/** Answer popup n (1…9): press its primary button. */
export function answer(position: number): boolean {
  const pop = waiting()[position - 1];
  const button = pop?.querySelector<HTMLElement>("[data-answer]");
  button?.click();
  return button !== null && button !== undefined;
}

/** The header's chip folds the calls away and back; over a phone's full-screen card it brings them to the front. */
function toggle(): void {
  const box = stack();
  if (!box) return;
  const isHidden = getComputedStyle(box).display === "none" || getComputedStyle(box).visibility === "hidden";
  delete box.dataset["place"];
  delete box.dataset["folded"];
  delete box.dataset["shown"];
  if (!isHidden) {
    box.dataset["folded"] = "1";
    return;
  }
  box.dataset["shown"] = "1";
  waiting()[0]?.querySelector<HTMLElement>("[data-answer]")?.focus({ preventScroll: true });
}

export function start(): void {
  const box = stack();
  if (!box || config.member === null) return;
  for (const type of REFRESHING) onLive(type, refetch);
  onLive("online", () => waiting().forEach(greet));
  box.addEventListener("htmx:afterSettle", () => {
    tickNow();
    look();
    firstLook = false;
  });
  box.addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-answer]")) delete box.dataset["shown"];
  });
  for (const type of ["pointerdown", "pointermove", "wheel"]) {
    box.addEventListener(type, () => (touchedAt = performance.now()), { passive: true });
  }
  watchDismissals(box);
  everySecond(countDown);
  document.addEventListener("focusin", place);
  document.addEventListener("focusout", () => window.setTimeout(place));
  document.body.addEventListener("htmx:afterSettle", () => countWaiting(waiting()));
  document.addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-waiting]")) toggle();
  });
}
