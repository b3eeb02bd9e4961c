// Where a text is written.

import { el, fill } from "./dom.js";
import { messageOf } from "./net.js";

/**
 * A text box that grows with its text and sends on Enter (Shift+Enter makes a new line), with files beside the text.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {any[]} [options.before] elements above the text box
 * @param {(text: string, files: File[]) => Promise<void>} options.onSend
 * @returns {{ node: any, focus: () => void }}
 */
export function composer({ label, before = [], onSend }) {
  const box = el("textarea", { rows: 1, placeholder: "Text message", "aria-label": label });
  const button = el("button", { type: "submit", class: "send", "aria-label": "Send" }, "↑");
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const files = stagedFiles(() => {
    problem.hidden = true;
    box.focus();
  });
  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 120)}px`;
  };
  const submit = async (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!(text || files.all().length) || button.disabled) return;
    button.disabled = true;
    problem.hidden = true;
    try {
      await onSend(text, files.all());
      box.value = "";
      files.clear();
      grow();
    } catch (error) {
      problem.textContent = messageOf(error);
      problem.hidden = false;
    } finally {
      button.disabled = false;
      box.focus();
    }
  };
  box.addEventListener("input", grow);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  const node = el(
    "form",
    { class: "composer", onsubmit: submit },
    before,
    problem,
    files.list,
    el("div", { class: "write" }, files.button, files.input, box, button),
  );
  return { node, focus: () => box.focus() };
}

// The files that go with the next text: a button that chooses some, and the list of those chosen.
function stagedFiles(onChange) {
  const list = el("ul", { class: "chips", "aria-label": "Files to send" });
  const input = el("input", { type: "file", multiple: true, hidden: true });
  const button = el(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-label": "Attach files",
      title: "Attach files",
      onclick: () => input.click(),
    },
    "+",
  );
  /** @type {File[]} */
  let staged = [];
  const stage = (those) => {
    staged = those;
    fill(
      list,
      staged.map((file) =>
        el(
          "li",
          {},
          el(
            "button",
            {
              type: "button",
              class: "chip",
              "aria-label": `Leave out ${file.name}`,
              onclick: () => {
                stage(staged.filter((other) => other !== file));
                onChange();
              },
            },
            file.name,
            " ×",
          ),
        ),
      ),
    );
  };
  input.addEventListener("change", () => {
    stage([...staged, ...input.files]);
    // So that one that was left out can be chosen again.
    input.value = "";
    onChange();
  });
  return { list, input, button, all: () => staged, clear: () => stage([]) };
}
