import "./staged-files.css";
import { useEffect, useState } from "preact/hooks";
import { formatBytes } from "../format/bytes.ts";
import type { OutgoingFile } from "../outbox/entry.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";

type Props = { files: OutgoingFile[]; onRemove: (at: number) => void };

/** The files that go with a text, each with a picture of it or its name. Nothing is uploaded before it is sent. */
export function StagedFiles({ files, onRemove }: Props) {
  if (files.length === 0) return null;
  return (
    <ul class="staged" aria-label={words.composer.files.label}>
      {files.map((file, at) => (
        <li key={keyOf(file, at)} class="staged-file">
          <Picture file={file} />
          <span class="staged-words">
            <span class="truncate">{file.name}</span>
            <span class="staged-size">{formatBytes(file.size)}</span>
          </span>
          <IconButton
            class="staged-remove"
            icon="close"
            label={words.composer.files.remove(file.name)}
            onClick={() => onRemove(at)}
          />
        </li>
      ))}
    </ul>
  );
}

function Picture({ file }: { file: OutgoingFile }) {
  const content = "blob" in file && file.type.startsWith("image/") ? file.blob : null;
  const [address, setAddress] = useState<string | null>(null);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    if (!content) return;
    const made = URL.createObjectURL(content);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [content]);
  // Not every browser shows every kind, such as HEIC.
  if (!content || isBroken) {
    return (
      <span class="staged-picture">
        <Icon name="file" />
      </span>
    );
  }
  return <span class="staged-picture">{address && <img src={address} alt="" onError={() => setBroken(true)} />}</span>;
}

function keyOf(file: OutgoingFile, at: number): string {
  return `${at} ${file.name} ${file.size}`;
}
