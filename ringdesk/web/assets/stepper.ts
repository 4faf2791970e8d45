/** The − and + beside a number; they stop at its min and max. */

function change(input: HTMLInputElement, direction: number): void {
  const before = input.value;
  if (before === "") input.value = input.min || "1";
  else if (direction > 0) input.stepUp();
  else input.stepDown();
  if (input.value === before) return;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-step-by]");
    const input = button?.closest(".stepper")?.querySelector<HTMLInputElement>("input[type=number]");
    if (button && input && !input.disabled) change(input, Number(button.dataset["stepBy"]));
  });
}
