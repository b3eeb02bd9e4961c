import "./file-view.css";
import { useState } from "preact/hooks";
import { useFileLink } from "../api/queries.ts";
import { useRecovery } from "../api/recovery.ts";
import type { MessageFile } from "../api/types.ts";
import { formatBytes } from "../format/bytes.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { words } from "../words/words.ts";
import { useRowTab } from "./row-tab.ts";

/** How often a picture is fetched at most. */
const ATTEMPTS = 4;

type Props = {
  file: MessageFile;
  /** Opens the picture that it is. */
  onOpen?: (() => void) | undefined;
};

/** A file of a message: a picture in a place of fixed size, anything else by its name. */
export function FileView({ file, onOpen }: Props) {
  const { thread } = words;
  if (file.state === "pending") return <FileNote icon="clock" text={thread.filePending} />;
  if (file.state === "failed") return <FileNote icon="alert" text={thread.fileFailed[file.error ?? "other"]} />;
  return (
    <>
      {isPicture(file) ? <Picture file={file} onOpen={onOpen} /> : <OtherFile file={file} />}
      {file.error === "left_out" && <span class="file-problem">{thread.fileLeftOut}</span>}
    </>
  );
}

/** Whether a file is one of the pictures that browsers show. */
export function isPicture({ content_type: type, state }: MessageFile): boolean {
  return (state ?? "ready") === "ready" && /^image\/(jpeg|png|gif|webp|avif|bmp)$/.test(type ?? "");
}

function Picture({ file, onOpen }: Props) {
  // A link ends after minutes, the picture that was fetched by it does not.
  const [shown, setShown] = useState<string>();
  const [attempts, setAttempts] = useState(0);
  const [failed, setFailed] = useState<string>();
  const tabIndex = useRowTab();
  const link = useFileLink(file, shown === undefined);
  const source = shown ?? link.data;
  const name = file.filename ?? words.list.file;
  const hasFailed = source !== undefined && source === failed;
  // It may be the picture itself that is damaged, so it is not tried for ever.
  useRecovery(hasFailed && attempts < ATTEMPTS, () => link.refetch({ throwOnError: true }));
  if (hasFailed || (link.isError && !source)) return <FileChip file={file} link={link} />;
  return (
    <button
      type="button"
      class="picture"
      tabIndex={tabIndex}
      aria-label={words.thread.openPicture(name)}
      onClick={onOpen}
    >
      {source && (
        <img
          src={source}
          alt=""
          decoding="async"
          draggable={false}
          onLoad={() => setShown(source)}
          onError={() => {
            setFailed(source);
            setAttempts(attempts + 1);
          }}
        />
      )}
    </button>
  );
}

function OtherFile({ file }: { file: MessageFile }) {
  return <FileChip file={file} link={useFileLink(file)} />;
}

/** A file by its name, to open or to save. */
function FileChip({ file, link }: { file: MessageFile; link: ReturnType<typeof useFileLink> }) {
  const tabIndex = useRowTab();
  const name = file.filename ?? words.list.file;

  async function follow(event: MouseEvent) {
    if (!link.isStale && link.data) return;
    // The link has ended: a new one is asked for, and followed in a tab that is opened now, as browsers want it.
    event.preventDefault();
    const tab = window.open("about:blank", "_blank");
    if (tab) tab.opener = null;
    const { data } = await link.refetch();
    if (data) tab?.location.replace(data);
    else tab?.close();
  }

  return (
    <a
      class="file-chip"
      href={link.data}
      target="_blank"
      rel="noreferrer noopener"
      tabIndex={tabIndex}
      onClick={follow}
    >
      <Icon name="file" />
      <span class="file-name truncate">{name}</span>
      {file.size !== null && <span class="file-size">{formatBytes(file.size)}</span>}
    </a>
  );
}

function FileNote({ icon, text }: { icon: IconName; text: string }) {
  return (
    <span class="file-chip file-note">
      <Icon name={icon} />
      <span>{text}</span>
    </span>
  );
}
