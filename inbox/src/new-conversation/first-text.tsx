import { useCallback, useRef, useState } from "preact/hooks";
import { FileButton } from "../composer/file-button.tsx";
import { useFileDrop } from "../composer/file-drop.ts";
import { StagedFiles } from "../composer/staged-files.tsx";
import { filesOf, stage } from "../composer/staging.ts";
import type { OutgoingFile } from "../outbox/entry.ts";
import { classNames } from "../ui/class-names.ts";
import { TextArea } from "../ui/field.tsx";
import { words } from "../words/words.ts";

type Props = {
  body: string;
  files: OutgoingFile[];
  /** Why the files cannot go together. */
  problem: string | null;
  error: string | null;
  /** Whether one begins to write here. */
  isFirst: boolean;
  onWrite: (body: string) => void;
  /** Called with a function of the files there are, since some may come while others are read. */
  onFiles: (change: (files: OutgoingFile[]) => OutgoingFile[]) => void;
  onSend: () => void;
};

/** The first text of a conversation, and its files. */
export function FirstText({ body, files, problem, error, isFirst, onWrite, onFiles, onSend }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [refusals, setRefusals] = useState<string[]>([]);
  const take = useCallback(
    (chosen: File[]) => {
      const staged = stage(chosen);
      setRefusals(staged.refusals);
      onFiles((now) => [...now, ...staged.files]);
    },
    [onFiles],
  );
  const isOver = useFileDrop(place, take);
  const problems = [...refusals, ...(problem ? [problem] : [])];
  return (
    <div ref={place} class={classNames("first-text", isOver && "first-text-target")}>
      <TextArea
        label={words.newConversation.text}
        rows={4}
        autoFocus={isFirst}
        value={body}
        maxLength={1600}
        error={error}
        onInput={(event) => onWrite(event.currentTarget.value)}
        onPaste={(event) => {
          const pasted = filesOf(event.clipboardData);
          if (pasted.length === 0) return;
          event.preventDefault();
          take(pasted);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSend();
        }}
      />
      <StagedFiles
        files={files}
        onRemove={(at) => {
          setRefusals([]);
          onFiles((now) => now.toSpliced(at, 1));
        }}
      />
      <div class="first-text-foot">
        <FileButton onChoose={take} />
        <p class="field-error" role="alert">
          {problems.join(" ")}
        </p>
      </div>
    </div>
  );
}
