/** Copy buttons: data-copy="text" or data-copy-from="#id". */

import { text } from "./strings";
import { toast } from "./toast";

/** Over plain http browsers offer no clipboard to scripts: the old command still works there. */
function copyByCommand(value: string): boolean {
  const field = document.createElement("textarea");
  field.value = value;
  field.className = "sr-only";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

async function copy(value: string): Promise<boolean> {
  if (!navigator.clipboard) return copyByCommand(value);
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    return copyByCommand(value);
  }
}

function valueOf(button: HTMLElement): string {
  const from = button.dataset["copyFrom"];
  if (!from) return button.dataset["copy"] ?? "";
  const source = document.querySelector(from);
  return source instanceof HTMLInputElement ? source.value : (source?.textContent ?? "").trim();
}

export function start(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy], [data-copy-from]");
    if (!button) return;
    void copy(valueOf(button)).then((isDone) => {
      toast(text(isDone ? "copied" : "not_copied"), isDone ? "ok" : "bad");
    });
  });
}
