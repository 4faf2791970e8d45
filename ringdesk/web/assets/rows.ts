/** Small things of lists and forms: a row that opens, a filter that applies itself, the arrows of the search list. */

function openRow(event: MouseEvent): void {
  const target = event.target as Element;
  if (target.closest("a, button, input, select, label, summary, form")) return;
  const row = target.closest<HTMLElement>("tr[data-href]");
  // Selecting text in a row is not pressing it.
  if (!row || String(getSelection() ?? "") !== "") return;
  const link = row.querySelector<HTMLElement>("a[href]");
  if (event.ctrlKey || event.metaKey) window.open(row.dataset["href"], "_blank");
  else if (link) link.click();
  else location.assign(row.dataset["href"] ?? "");
}

function walkResults(event: KeyboardEvent): void {
  const search = (event.target as Element).closest?.(".search");
  if (!search || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const stops = Array.from(search.querySelectorAll<HTMLElement>("[data-search], .search-results a"));
  const next = stops.indexOf(document.activeElement as HTMLElement) + (event.key === "ArrowDown" ? 1 : -1);
  stops[Math.max(0, Math.min(stops.length - 1, next))]?.focus();
  event.preventDefault();
}

/** The server says what is wrong beside the field, in the user's language; the browser's own bubbles would not. */
function silenceBrowser(): void {
  for (const form of document.forms) form.noValidate = true;
}

/** What a filter leaves has an address: reloading, sharing and coming back show the same. */
function keepAddress(event: Event): void {
  const { requestConfig, pathInfo, successful } = (
    event as CustomEvent<{ requestConfig: { elt: Element; verb: string }; pathInfo: { finalRequestPath: string }; successful: boolean }>
  ).detail;
  if (successful && requestConfig.verb === "get" && requestConfig.elt.matches("form[data-apply]")) {
    history.replaceState(history.state, "", pathInfo.finalRequestPath);
  }
}

export function start(): void {
  document.body.addEventListener("htmx:afterRequest", keepAddress);
  silenceBrowser();
  document.body.addEventListener("htmx:afterSettle", silenceBrowser);
  document.addEventListener("click", openRow);
  document.addEventListener("keydown", walkResults);
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLElement;
    if (field.closest("form[data-apply]")) field.closest("form")?.requestSubmit();
  });
}
