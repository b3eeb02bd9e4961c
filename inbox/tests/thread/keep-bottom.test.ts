import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keepBottom } from "../../src/thread/keep-bottom.ts";

/** A scrolled element, as far as it is looked at. */
class Scroller extends EventTarget {
  scrollTop = 0;
  clientHeight = 500;

  scroll(top: number): void {
    this.scrollTop = top;
    this.dispatchEvent(new Event("scroll"));
  }
}

let scroller: Scroller;
let resized: () => void;

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(report: () => void) {
        resized = report;
      }
      observe() {}
      disconnect() {}
    },
  );
  scroller = new Scroller();
  keepBottom(scroller as unknown as HTMLElement);
});
afterEach(() => vi.unstubAllGlobals());

it("what stands at the lower edge stays there when the place below grows, and when it shrinks", () => {
  scroller.scroll(300);
  scroller.clientHeight = 450;
  resized();
  expect(scroller.scrollTop).toBe(350);
  scroller.clientHeight = 500;
  resized();
  expect(scroller.scrollTop).toBe(300);
});

it("the browser's own change at a new height does not count", () => {
  scroller.scroll(300);
  scroller.clientHeight = 600;
  scroller.scrollTop = 250;
  resized();
  expect(scroller.scrollTop).toBe(200);
});

it("a scroll to the end at the new height is left alone", () => {
  scroller.scroll(300);
  scroller.clientHeight = 554;
  scroller.scroll(246);
  resized();
  expect(scroller.scrollTop).toBe(246);
});
