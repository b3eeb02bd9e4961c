/** Which conversations the visible tabs of this browser show: each tab holds a lock for its own. */

import { useEffect } from "preact/hooks";
import type { Sid } from "../api/types.ts";
import { useVisible } from "../ui/use-visible.ts";

const nameOf = (conversation: Sid) => `partyline-inbox.showing.${conversation}`;

/** Tell the other tabs that this one shows a conversation, while it is in sight. */
export function useShowing(conversation: Sid | null): void {
  const isVisible = useVisible();
  useEffect(() => {
    if (!conversation || !isVisible) return;
    let end = () => {};
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    void navigator.locks.request(nameOf(conversation), { mode: "shared" }, () => held);
    return end;
  }, [conversation, isVisible]);
}

/** Whether a visible tab shows a conversation. */
export async function isShown(conversation: Sid): Promise<boolean> {
  const { held } = await navigator.locks.query();
  return held?.some(({ name }) => name === nameOf(conversation)) ?? false;
}
