import "./composer.css";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ConversationState, Sid } from "../api/types.ts";
import type { Mode } from "./composer-frame.tsx";
import { NoteEditor } from "./note-editor.tsx";
import { focusComposer } from "./restore.ts";
import { TextEditor } from "./text-editor.tsx";

type Props = { conversation: Sid; state: ConversationState };

/** The place to write: a text for the phones, or a note for colleagues, which looks different throughout. */
export function Composer({ conversation, state }: Props) {
  const [mode, setMode] = useState<Mode>("text");
  const isSwitched = useRef(false);

  // Before the next key: whoever writes at once loses none of it, and none of it is taken for a key of the app.
  useLayoutEffect(() => {
    if (isSwitched.current) focusComposer();
  }, [mode]);

  function change(next: Mode) {
    isSwitched.current = true;
    setMode(next);
  }

  // Each has a draft of its own, so that neither is sent as the other.
  if (mode === "note") return <NoteEditor conversation={conversation} onMode={change} />;
  return <TextEditor conversation={conversation} state={state} onMode={change} />;
}
