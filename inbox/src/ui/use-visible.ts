import { useEffect, useState } from "preact/hooks";

const isVisible = () => document.visibilityState === "visible";

/** Whether the page is in sight, so not in a tab behind others. */
export function useVisible(): boolean {
  const [isShown, setShown] = useState(isVisible);
  useEffect(() => {
    const look = () => setShown(isVisible());
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isShown;
}
