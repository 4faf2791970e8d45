/** The booking page for clients. It works without this script; with it a day is chosen without a reload, a time that
 * is kept counts down, nothing is sent twice, and a page that shows it in a frame learns how high it is. */

const SWAPPED = "step";

/** Puts the step of another address in place of this one. Anything unexpected: the browser goes there itself. */
async function swap(url: string, isBack: boolean): Promise<void> {
  const step = document.getElementById(SWAPPED);
  if (!step) return location.assign(url);
  step.classList.add("is-waiting");
  try {
    const answer = await fetch(url, { credentials: "omit" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(SWAPPED);
    const switches = page.querySelector(".book-top");
    if (!answer.ok || !next || !switches) return location.assign(url);
    const days = document.querySelector("[data-days]")?.scrollLeft ?? 0;
    const isSameStep = page.title === document.title;
    if (!isBack) history.pushState(null, "", url);
    document.title = page.title;
    document.querySelector(".book-top")?.replaceWith(switches);
    step.replaceWith(next);
    started();
    const strip = document.querySelector("[data-days]");
    if (isSameStep && strip) {
      strip.scrollLeft = days;
      strip.querySelector<HTMLElement>("[aria-current]")?.focus({ preventScroll: true });
    } else {
      scrollTo(0, 0);
      next.focus({ preventScroll: true });
    }
  } catch {
    location.assign(url);
  }
}

function countDown(element: HTMLElement): void {
  const until = Date.parse(element.dataset["until"] ?? "");
  const left = Math.round((until - Date.now()) / 1000);
  if (Number.isNaN(left) || left < 0 || !element.isConnected) return;
  const minutes = Math.floor(left / 60);
  let clock = element.querySelector("time");
  if (!clock) {
    clock = document.createElement("time");
    clock.className = "num";
    clock.setAttribute("aria-hidden", "true");
    element.append(clock);
  }
  clock.textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
  setTimeout(() => countDown(element), 1000);
}

function tellHeight(): void {
  if (window.parent === window) return;
  const height = document.documentElement.scrollHeight;
  // Only the height is told: whoever frames the page sees as much anyway.
  window.parent.postMessage({ type: "ringdesk:height", height }, "*");
}

function started(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-until]")) countDown(element);
  document.querySelector("[data-days] [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  tellHeight();
}

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-swap]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  void swap(link.href, false);
});
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-once]")) return;
  if (form.dataset["sent"]) event.preventDefault();
  form.dataset["sent"] = "yes";
  document.getElementById(SWAPPED)?.classList.add("is-waiting");
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || window.parent === window) return;
  // A button of another site shows the page in a dialog, which does not see this key. Nothing else is told of keys.
  window.parent.postMessage({ type: "ringdesk:escape" }, "*");
});
// A page that the browser had kept is alive again: its forms can be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset["sent"];
  document.getElementById(SWAPPED)?.classList.remove("is-waiting");
});
window.addEventListener("popstate", () => void swap(location.href, true));
window.addEventListener("resize", tellHeight);
new ResizeObserver(tellHeight).observe(document.body);
started();
