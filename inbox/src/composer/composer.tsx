import "./composer.css";
import { useState } from "preact/hooks";
import type { ConversationState, Sid } from "../api/types.ts";
import type { Mode } from "./composer-frame.tsx";
import { NoteEditor } from "./note-editor.tsx";
import { TextEditor } from "./text-editor.tsx";

type Props = { conversation: Sid; state: ConversationState };

/** The place to write: a text for the phones, or a note for colleagues, which looks different throughout. */
export function Composer({ conversation, state }: Props) {
  const [mode, setMode] = useState<Mode>("text");
  // Each has a draft of its own, so that neither is sent as the other.
  if (mode === "note") return <NoteEditor conversation={conversation} onMode={setMode} />;
  return <TextEditor conversation={conversation} state={state} onMode={setMode} />;
}
