import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { words } from "../words/words.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

type Leaving = {
  /** For the dialog: false while there is something to ask. */
  mayClose: () => boolean;
  /** For its Cancel button. */
  close: () => void;
  /** To be rendered inside the dialog. */
  question: ComponentChild;
};

/** Ask before a dialog in which something was written closes. */
export function useDiscardQuestion(hasContent: boolean, onClose: () => void): Leaving {
  const [isAsked, setAsked] = useState(false);
  const say = words.app.discard;

  function mayClose() {
    if (hasContent) setAsked(true);
    return !hasContent;
  }

  return {
    mayClose,
    close: () => {
      if (mayClose()) onClose();
    },
    question: isAsked && (
      <Dialog
        title={say.title}
        description={say.text}
        onClose={() => setAsked(false)}
        footer={
          <>
            <Button autoFocus onClick={() => setAsked(false)}>
              {say.keep}
            </Button>
            <Button kind="danger" onClick={onClose}>
              {say.discard}
            </Button>
          </>
        }
      />
    ),
  };
}
