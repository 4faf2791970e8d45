/** The day of tables: places everything that carries data-start by minutes, draws the now line, and lets a free spot
 *  be clicked or found by the arrow keys. Inline styles are forbidden, so positions are custom properties set here. */

import { clockText, everySecond, now } from "./clock";
import { htmx } from "./requests";
import { text } from "./strings";
import { icon } from "./toast";

interface Spot {
  start: number;
  end: number;
}

const NARROWEST_HOUR = { wide: 84, phone: 66 };
const seen = new WeakSet<HTMLElement>();

function numberOf(element: HTMLElement, name: string, otherwise = 0): number {
  const value = Number(element.dataset[name]);
  return element.dataset[name] === undefined || Number.isNaN(value) ? otherwise : value;
}

function boards(): HTMLElement[] {
  return Array.from(document.querySelectorAll<HTMLElement>("[data-timeline]"));
}

function boardOf(lane: Element): HTMLElement {
  return lane.closest<HTMLElement>("[data-timeline]") as HTMLElement;
}

function minuteWidth(board: HTMLElement): number {
  return Number(board.style.getPropertyValue("--minute").replace("px", "")) || 1;
}

/** Fit the day into the view; a longer day scrolls. */
function scale(board: HTMLElement): void {
  const span = Math.max(60, numberOf(board, "to", 1440) - numberOf(board, "from"));
  const names = board.querySelector<HTMLElement>(".corner")?.offsetWidth ?? 0;
  const narrowest = window.innerWidth <= 760 ? NARROWEST_HOUR.phone : NARROWEST_HOUR.wide;
  const minute = Math.max(narrowest / 60, (board.clientWidth - names) / span);
  board.style.setProperty("--minute", `${minute}px`);
  board.style.setProperty("--span", `${Math.floor(minute * span)}px`);
}

function occupied(lane: HTMLElement): Spot[] {
  return Array.from(lane.querySelectorAll<HTMLElement>(".res, .blocked"))
    .filter((bar) => !["finished", "no_show", "cancelled"].includes(bar.dataset["course"] ?? ""))
    .map((bar) => ({ start: numberOf(bar, "start"), end: numberOf(bar, "end") }))
    .sort((one, other) => one.start - other.start);
}

/** Stack bars that share a time: each takes the first track that is free at its start. */
function takeTracks(lane: HTMLElement): void {
  const ends: number[] = [];
  const bars = Array.from(lane.querySelectorAll<HTMLElement>(".res"));
  bars.sort((one, other) => numberOf(one, "start") - numberOf(other, "start"));
  for (const bar of bars) {
    const start = numberOf(bar, "start");
    let track = ends.findIndex((end) => end <= start);
    if (track === -1) track = ends.push(0) - 1;
    ends[track] = numberOf(bar, "end");
    bar.style.setProperty("--track", String(track));
  }
  lane.closest<HTMLElement>(".row")?.style.setProperty("--tracks", String(Math.max(1, ends.length)));
}

function placeBars(board: HTMLElement): void {
  const from = numberOf(board, "from");
  const to = numberOf(board, "to", 1440);
  for (const bar of board.querySelectorAll<HTMLElement>("[data-start]")) {
    const start = numberOf(bar, "start");
    const end = numberOf(bar, "end", start);
    const isOutside = bar.dataset["end"] !== undefined && (end <= from || start >= to);
    bar.hidden = isOutside;
    bar.style.setProperty("--start", String(Math.max(start, from)));
    bar.style.setProperty("--end", String(Math.min(end, to)));
  }
  board.querySelectorAll<HTMLElement>(".lane").forEach(takeTracks);
}

function minuteNow(board: HTMLElement): number {
  return (now() - Date.parse(board.dataset["origin"] ?? "")) / 60_000;
}

function kept(parent: Element, className: string): HTMLElement {
  const old = parent.querySelector<HTMLElement>(`:scope > .${className}`);
  if (old) return old;
  const element = document.createElement("div");
  element.className = className;
  element.dataset["keep"] = "";
  element.setAttribute("aria-hidden", "true");
  parent.append(element);
  return element;
}

function drawNow(board: HTMLElement): void {
  // In a week only one of the days is today's.
  const grid = board.querySelector("[data-now-lane]") ?? board.querySelector(".board-grid");
  const hours = board.querySelector(".hours .scale");
  if (!grid || !hours) return;
  const at = minuteNow(board);
  const isInside = at >= numberOf(board, "from") && at <= numberOf(board, "to", 1440);
  const line = kept(grid, "now");
  const label = kept(hours, "now-label");
  line.hidden = label.hidden = !isInside;
  if (!isInside) return;
  board.style.setProperty("--at", at.toFixed(2));
  const time = clockText(now());
  if (label.textContent !== time) label.textContent = time;
}

function scrollToNow(board: HTMLElement): void {
  if (board.scrollWidth <= board.clientWidth) return;
  const at = minuteNow(board);
  if (at < numberOf(board, "from") || at > numberOf(board, "to", 1440)) return;
  board.scrollLeft = Math.max(0, (at - 60 - numberOf(board, "from")) * minuteWidth(board));
}

const resized = new ResizeObserver((entries) => {
  for (const entry of entries) scale(entry.target as HTMLElement);
});

function makeReachable(board: HTMLElement): void {
  const lanes = Array.from(board.querySelectorAll<HTMLElement>(".lane"));
  const chosen = lanes.find((lane) => lane.tabIndex === 0) ?? lanes[0];
  for (const lane of lanes) {
    lane.tabIndex = lane === chosen ? 0 : -1;
    lane.setAttribute("role", "group");
    lane.setAttribute("aria-label", text("lane", { table: lane.dataset["label"] ?? "" }));
  }
}

function prepare(board: HTMLElement): void {
  board.style.setProperty("--from", String(numberOf(board, "from")));
  board.style.setProperty("--first", String((60 - (numberOf(board, "from") % 60)) % 60));
  scale(board);
  placeBars(board);
  drawNow(board);
  makeReachable(board);
  board.dataset["placed"] = "";
  if (seen.has(board)) return;
  seen.add(board);
  resized.observe(board);
  scrollToNow(board);
}

function wallTime(minutes: number): string {
  const day = ((minutes % 1440) + 1440) % 1440;
  return `${String(Math.floor(day / 60)).padStart(2, "0")}:${String(day % 60).padStart(2, "0")}`;
}

/** Return the free spot at this minute, as long as a usual visit or as the gap allows; null when it is taken. */
function freeSpot(lane: HTMLElement, minute: number): Spot | null {
  const board = boardOf(lane);
  const step = numberOf(board, "step", 15);
  const busy = lane.closest(".row")?.classList.contains("no-table") ? [] : occupied(lane);
  if (busy.some((spot) => spot.start <= minute && minute < spot.end)) return null;
  const before = busy.filter((spot) => spot.end <= minute).at(-1)?.end ?? numberOf(board, "from");
  const after = busy.find((spot) => spot.start > minute)?.start ?? numberOf(board, "to", 1440);
  const start = Math.max(before, Math.floor(minute / step) * step);
  const end = Math.min(after, start + numberOf(board, "defaultDuration", 60));
  return end > start ? { start, end } : null;
}

function hideSlots(except?: Element): void {
  document.querySelectorAll(".slot").forEach((slot) => {
    if (slot.parentElement !== except) slot.remove();
  });
}

function showSlot(lane: HTMLElement, spot: Spot): void {
  hideSlots(lane);
  let slot = lane.querySelector<HTMLElement>(":scope > .slot");
  if (!slot) {
    slot = document.createElement("div");
    slot.className = "slot";
    slot.dataset["keep"] = "";
    slot.setAttribute("aria-hidden", "true");
    slot.append(icon("plus"), document.createElement("span"));
    lane.append(slot);
  }
  slot.style.setProperty("--start", String(spot.start));
  slot.style.setProperty("--end", String(spot.end));
  slot.dataset["minute"] = String(spot.start);
  const label = slot.querySelector("span");
  if (label) label.textContent = wallTime(spot.start);
}

function minuteAt(lane: HTMLElement, x: number): number {
  const board = boardOf(lane);
  return numberOf(board, "from") + (x - lane.getBoundingClientRect().left) / minuteWidth(board);
}

function openNew(lane: HTMLElement, spot: Spot, event: Event): void {
  const board = boardOf(lane);
  const address = new URL(board.dataset["newUrl"] ?? "", location.href);
  address.searchParams.set("date", board.dataset["date"] ?? "");
  address.searchParams.set("start", String(spot.start));
  if (lane.dataset["table"]) address.searchParams.set("table", lane.dataset["table"]);
  void htmx.ajax("get", address.pathname + address.search, {
    source: lane,
    event,
    target: "#drawer",
    swap: "morph:innerHTML",
  });
}

function laneUnder(event: Event): HTMLElement | null {
  const target = event.target as Element;
  if (target.closest(".res, .blocked, a, button")) return null;
  const lane = target.closest<HTMLElement>(".lane");
  return lane && boardOf(lane)?.dataset["newUrl"] ? lane : null;
}

function watchPointer(): void {
  document.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse") return;
    const lane = laneUnder(event);
    const spot = lane && freeSpot(lane, minuteAt(lane, event.clientX));
    if (lane && spot) showSlot(lane, spot);
    else if (!document.activeElement?.matches(".lane")) hideSlots();
  });
  document.addEventListener("click", (event) => {
    const lane = laneUnder(event);
    const spot = lane && freeSpot(lane, minuteAt(lane, event.clientX));
    if (lane && spot) openNew(lane, spot, event);
  });
}

/** Find the next free spot in this direction, a step at a time. */
function nextSpot(lane: HTMLElement, minute: number, direction: 1 | -1): Spot | null {
  const board = boardOf(lane);
  const step = numberOf(board, "step", 15);
  const from = numberOf(board, "from");
  const to = numberOf(board, "to", 1440);
  for (let at = minute; at >= from && at < to; at += step * direction) {
    const spot = freeSpot(lane, at);
    if (spot) return spot;
  }
  return null;
}

function say(lane: HTMLElement, spot: Spot): void {
  const line = document.getElementById("whisper");
  if (line) line.textContent = text("free_spot", { table: lane.dataset["label"] ?? "", time: wallTime(spot.start) });
}

function choose(lane: HTMLElement, spot: Spot | null): void {
  if (!spot) return;
  showSlot(lane, spot);
  say(lane, spot);
  const board = boardOf(lane);
  const left = (spot.start - numberOf(board, "from")) * minuteWidth(board);
  const view = board.clientWidth - (board.querySelector<HTMLElement>(".corner")?.offsetWidth ?? 0);
  if (left < board.scrollLeft) board.scrollLeft = left;
  if (left + 90 > board.scrollLeft + view) board.scrollLeft = left + 90 - view;
}

function chosenMinute(lane: HTMLElement): number {
  const slot = lane.querySelector<HTMLElement>(":scope > .slot");
  if (slot) return numberOf(slot, "minute");
  const board = boardOf(lane);
  const step = numberOf(board, "step", 15);
  const soonest = Math.ceil(minuteNow(board) / step) * step;
  const isToday = soonest >= numberOf(board, "from") && soonest < numberOf(board, "to", 1440);
  return isToday ? soonest : numberOf(board, "from");
}

function walk(lane: HTMLElement, direction: 1 | -1): void {
  const lanes = Array.from(boardOf(lane).querySelectorAll<HTMLElement>(".lane"));
  const next = lanes[lanes.indexOf(lane) + direction];
  if (!next) return;
  const minute = chosenMinute(lane);
  lane.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  choose(next, nextSpot(next, minute, 1));
}

function pressed(lane: HTMLElement, event: KeyboardEvent): boolean {
  const step = numberOf(boardOf(lane), "step", 15);
  const minute = chosenMinute(lane);
  if (event.key === "ArrowRight") choose(lane, nextSpot(lane, minute + step, 1));
  else if (event.key === "ArrowLeft") choose(lane, nextSpot(lane, minute - step, -1));
  else if (event.key === "ArrowDown") walk(lane, 1);
  else if (event.key === "ArrowUp") walk(lane, -1);
  else if (event.key === "Enter" || event.key === " ") {
    const spot = freeSpot(lane, minute);
    if (spot) openNew(lane, spot, event);
  } else return false;
  return true;
}

function watchKeys(): void {
  document.addEventListener("focusin", (event) => {
    const lane = event.target as HTMLElement;
    if (!lane.matches?.(".lane") || !lane.matches(":focus-visible")) return;
    choose(lane, nextSpot(lane, chosenMinute(lane), 1));
  });
  document.addEventListener("focusout", (event) => {
    if ((event.target as Element).matches(".lane")) hideSlots();
  });
  document.addEventListener("keydown", (event) => {
    const lane = event.target as HTMLElement;
    if (lane.matches?.(".lane") && boardOf(lane).dataset["newUrl"] && pressed(lane, event)) event.preventDefault();
  });
}

function prepareAll(): void {
  boards().forEach(prepare);
}

export function start(): void {
  prepareAll();
  document.body.addEventListener("htmx:afterSwap", prepareAll);
  everySecond(() => boards().forEach(drawNow));
  watchPointer();
  watchKeys();
}
