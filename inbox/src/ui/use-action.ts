import { useState } from "preact/hooks";
import { words } from "../words/words.ts";

/** What the press of a button does at the server: whether it is under way, and why it was refused. */
export type Action = {
  isBusy: boolean;
  error: unknown;
  run: (act: () => Promise<void>) => Promise<void>;
};

/** One action at a time. */
export function useAction(): Action {
  const [state, setState] = useState<{ isBusy: boolean; error: unknown }>({ isBusy: false, error: null });

  async function run(act: () => Promise<void>) {
    setState({ isBusy: true, error: null });
    try {
      await act();
      setState({ isBusy: false, error: null });
    } catch (error) {
      setState({ isBusy: false, error });
    }
  }

  return { ...state, run };
}

/** Why something was refused, in the API's words. */
export function messageOf(error: unknown): string | null {
  if (error === null) return null;
  return error instanceof Error && error.message ? error.message : words.app.failed;
}
