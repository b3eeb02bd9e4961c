import "./file-view.css";
import { useFileLink } from "../api/queries.ts";
import type { MessageFile } from "../api/types.ts";
import { formatBytes } from "../format/bytes.ts";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";

/** A file of a message: a picture in a place of fixed size, anything else by its name. */
export function FileView({ file }: { file: MessageFile }) {
  const isPicture = file.content_type?.startsWith("image/") ?? false;
  const link = useFileLink(file).data;
  const name = file.filename ?? words.list.file;
  if (file.state === "pending") return <FileNote text={words.thread.filePending} />;
  if (file.state === "failed") return <FileNote text={words.thread.fileFailed} isProblem />;
  if (isPicture) {
    return (
      <a
        class="picture"
        href={link}
        target="_blank"
        rel="noreferrer noopener"
        aria-label={words.thread.openPicture(name)}
      >
        {link && <img src={link} alt={words.thread.picture(name)} />}
      </a>
    );
  }
  return (
    <a class="file-chip" href={link} target="_blank" rel="noreferrer noopener">
      <Icon name="file" />
      <span class="file-name truncate">{name}</span>
      {file.size !== null && <span class="file-size">{formatBytes(file.size)}</span>}
    </a>
  );
}

function FileNote({ text, isProblem = false }: { text: string; isProblem?: boolean }) {
  return (
    <span class="file-chip">
      <Icon name={isProblem ? "alert" : "clock"} />
      <span>{text}</span>
    </span>
  );
}
