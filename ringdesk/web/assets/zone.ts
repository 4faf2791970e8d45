/** A new branch is most likely where the browser is: preselects its time zone. */

export function start(): void {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const select of document.querySelectorAll<HTMLSelectElement>("select[data-browser-zone]")) {
    const isListed = Array.from(select.options).some((option) => option.value === here);
    if (isListed) select.value = here;
  }
}
