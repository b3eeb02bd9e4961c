import type { ComponentChild, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { words } from "../words/words.ts";
import { ErrorState } from "./states.tsx";

/**
 * A component of a chunk that is loaded when it is first shown. `fallback` is shown meanwhile.
 *
 * const ContactsScreen = lazy(() => import("../contacts/contacts-screen.tsx"), <SkeletonRows count={8} />);
 */
export function lazy<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
  fallback: ComponentChild = null,
): ComponentType<P> {
  let Loaded: ComponentType<P> | null = null;
  return function Lazy(properties: P) {
    const [state, setState] = useState<"loading" | "loaded" | "failed">(Loaded ? "loaded" : "loading");
    useEffect(() => {
      if (state !== "loading") return;
      load().then(
        (module) => {
          Loaded = module.default;
          setState("loaded");
        },
        () => setState("failed"),
      );
    }, [state]);
    if (Loaded) return <Loaded {...properties} />;
    // A new version may have replaced the chunk: the page is then loaded again, with the names of the new ones.
    if (state === "failed") return <ErrorState title={words.app.failed} onRetry={() => location.reload()} />;
    return <>{fallback}</>;
  };
}
