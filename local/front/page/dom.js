// Elements as data. Text always becomes a text node, so no message is read as HTML.

import { messageOf } from "./net.js";

/**
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...any} children
 * @returns {any} the element, of the type that its tag has
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name in node && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
}

// A list that is read from its end: a reader at the end stays there when the list or its height changes.
export function log(label) {
  const node = el("ol", { class: "log", role: "log", "aria-label": label, tabIndex: 0 });
  let atEnd = true;
  const stay = () => {
    if (atEnd) node.scrollTop = node.scrollHeight;
  };
  node.addEventListener("scroll", () => {
    atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < 60;
  });
  new ResizeObserver(stay).observe(node);
  return {
    node,
    fill: (children) => {
      fill(node, children);
      stay();
    },
  };
}

// The picture of an attachment, or a link to what is no picture.
export function attachment(url, type = "") {
  const isWeb = /^(https?:\/)?\//.test(url);
  const isPicture = type.startsWith("image/") || /\.(png|jpe?g|gif|webp)$/i.test(url.split(/[?#]/)[0]);
  if (!isWeb) return el("span", { class: "attachment" }, url);
  const link = el("a", { class: "attachment", href: url, target: "_blank", rel: "noreferrer noopener" });
  if (!isPicture) {
    link.append(url);
    return link;
  }
  const picture = el("img", { src: url, alt: `Attachment ${url}`, loading: "lazy" });
  picture.addEventListener("error", () => link.replaceChildren(url));
  link.append(picture);
  return link;
}

/**
 * A text box that grows with its text and sends on Enter (Shift+Enter makes a new line), with files beside the text.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.placeholder
 * @param {any[]} [options.before] elements above the text box
 * @param {(text: string, files: File[]) => Promise<void>} options.onSend
 */
export function composer({ label, placeholder, before = [], onSend }) {
  const box = el("textarea", { rows: 1, placeholder, "aria-label": label });
  const button = el("button", { type: "submit", class: "send", "aria-label": "Send" }, "↑");
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const files = el("input", { type: "file", multiple: true, class: "hidden", "aria-label": "Files" });
  const clip = el(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-label": "Attach files",
      title: "Attach files",
      onclick: () => files.click(),
    },
    "+",
  );
  const chosen = el("ul", { class: "picked", "aria-label": "Files to send" });
  let picked = [];
  const pick = (those) => {
    picked = those;
    problem.hidden = true;
    fill(
      chosen,
      picked.map((file) =>
        el(
          "li",
          {},
          el(
            "button",
            {
              type: "button",
              class: "chip",
              "aria-label": `Leave out ${file.name}`,
              onclick: () => pick(picked.filter((other) => other !== file)),
            },
            file.name,
            " ×",
          ),
        ),
      ),
    );
  };
  files.addEventListener("change", () => {
    pick([...picked, ...files.files]);
    // So that one that was left out can be chosen again.
    files.value = "";
  });
  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 120)}px`;
  };
  const submit = async (event) => {
    event?.preventDefault();
    const text = box.value.trim();
    if (!(text || picked.length) || button.disabled) return;
    button.disabled = true;
    problem.hidden = true;
    try {
      await onSend(text, picked);
      box.value = "";
      pick([]);
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
  return el(
    "form",
    { class: "composer", onsubmit: submit },
    before,
    problem,
    chosen,
    el("div", { class: "write" }, clip, files, box, button),
  );
}
