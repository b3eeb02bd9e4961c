// Elements as data. Text always becomes a text node, so no message is read as HTML.

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
  node.append(...children.flat().filter(Boolean));
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter(Boolean));
}

/**
 * A list whose items are made again only when what they show has changed: what has the focus keeps it, a picture does
 * not flicker, and a screen reader hears only what is new.
 *
 * @param {any} node
 * @param {(item: any, before?: any) => any} draw the element of an item, which may be the one of before
 */
export function keyed(node, draw) {
  /** @type {Map<string, { content: string, element: any }>} */
  let shown = new Map();
  /** @param {[string, any][]} items keys and contents */
  return (items) => {
    const focused = node.contains(document.activeElement) && keyOf(shown, document.activeElement);
    const next = new Map();
    for (const [key, item] of items) {
      const content = JSON.stringify(item);
      const known = shown.get(key);
      next.set(key, known?.content === content ? known : { content, element: draw(item, known?.element) });
    }
    shown = next;
    arrange(
      node,
      [...next.values()].map(({ element }) => element),
    );
    if (focused && !node.contains(document.activeElement))
      shown.get(focused)?.element.querySelector("button, a")?.focus();
  };
}

function keyOf(shown, inner) {
  for (const [key, { element }] of shown) if (element.contains(inner)) return key;
  return null;
}

function arrange(node, elements) {
  for (const child of [...node.children]) if (!elements.includes(child)) child.remove();
  elements.forEach((element, place) => {
    if (node.children[place] !== element) node.insertBefore(element, node.children[place] ?? null);
  });
}

// A list that is read from its end: a reader at the end stays there when the list or its height changes.
export function log(label, draw) {
  const list = el("ol");
  const node = el("div", { class: "log", role: "log", "aria-label": label, tabIndex: 0 }, list);
  const update = keyed(list, draw);
  let atEnd = true;
  const stay = () => {
    if (atEnd) node.scrollTop = node.scrollHeight;
  };
  node.addEventListener("scroll", () => {
    atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < 60;
  });
  // A picture has its height when it is loaded. The event does not bubble.
  node.addEventListener("load", stay, true);
  new ResizeObserver(stay).observe(node);
  return {
    node,
    fill: (items) => {
      update(items);
      stay();
    },
  };
}

// The picture of an attachment, or a link to what is no picture.
export function attachment(url) {
  if (!(/^https?:\/\//.test(url) && URL.canParse(url))) return el("span", { class: "attachment" }, url);
  const name = new URL(url).pathname.split("/").at(-1) || url;
  const link = el("a", { class: "attachment", href: url, target: "_blank", rel: "noreferrer noopener" });
  if (!/\.(png|jpe?g|gif|webp)$/i.test(name)) {
    link.append(name);
    return link;
  }
  const picture = el("img", { src: url, alt: "Picture" });
  picture.addEventListener("error", () => link.replaceChildren(name));
  link.append(picture);
  return link;
}

/** @param {string} label @param {() => void} onclick */
export const backButton = (label, onclick) =>
  el("button", { type: "button", class: "quiet", "aria-label": label, onclick }, "‹");
