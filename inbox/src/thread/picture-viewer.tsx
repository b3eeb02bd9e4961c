import "./picture-viewer.css";
import { useEffect, useState } from "preact/hooks";
import { useFileLink } from "../api/queries.ts";
import type { MessageFile } from "../api/types.ts";
import { IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { words } from "../words/words.ts";

type Props = {
  /** The pictures of one message. */
  pictures: MessageFile[];
  /** Which of them is shown first. */
  at: number;
  onClose: () => void;
};

/** A picture as large as the window has room for. Arrows go to the others of its message. */
export default function PictureViewer({ pictures, at, onClose }: Props) {
  const [now, setNow] = useState(at);
  const count = pictures.length;
  const picture = pictures[now];
  const go = (step: number) => setNow((before) => (before + step + count) % count);

  useEffect(() => {
    const move = ({ key }: KeyboardEvent) => {
      if (key === "ArrowLeft" || key === "ArrowRight") go(key === "ArrowLeft" ? -1 : 1);
    };
    addEventListener("keydown", move);
    return () => removeEventListener("keydown", move);
  });

  if (!picture) return null;
  const name = picture.filename ?? words.list.file;
  const several =
    count > 1 ? (
      <>
        <IconButton icon="back" label={words.thread.previousPicture} onClick={() => go(-1)} />
        <span class="tabular" aria-live="polite">
          {words.thread.pictureCount(now + 1, count)}
        </span>
        <IconButton icon="back" class="viewer-next" label={words.thread.nextPicture} onClick={() => go(1)} />
      </>
    ) : undefined;
  return (
    <Dialog shape="full" title={name} footer={several} onClose={onClose}>
      <FullPicture key={picture.sid} picture={picture} name={name} />
    </Dialog>
  );
}

function FullPicture({ picture, name }: { picture: MessageFile; name: string }) {
  const [shown, setShown] = useState<string>();
  const link = useFileLink(picture, shown === undefined);
  const source = shown ?? link.data;
  return (
    <div class="viewer">
      {source && (
        <img class="viewer-picture" src={source} alt={words.thread.picture(name)} onLoad={() => setShown(source)} />
      )}
      {link.data && (
        <a class="viewer-link" href={link.data} target="_blank" rel="noreferrer noopener">
          {words.thread.openInTab}
        </a>
      )}
    </div>
  );
}
