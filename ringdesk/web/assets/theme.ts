/** The colour scheme changes at once; the form around the choice tells the server. */

export function start(): void {
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.matches("[data-scheme-choice]")) {
      document.documentElement.dataset["scheme"] = input.value;
    }
  });
}
