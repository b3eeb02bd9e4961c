import { useRef } from "preact/hooks";
import { IconButton } from "../ui/button.tsx";
import { words } from "../words/words.ts";

/** Opens the browser's dialog for files. */
export function FileButton({ onChoose }: { onChoose: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon="paperclip" label={words.composer.files.add} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          const { files } = event.currentTarget;
          if (files?.length) onChoose([...files]);
          // The same file again is a change again.
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
