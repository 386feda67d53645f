// Uploads by ticket: the ticket outlives a broken connection, so that the file can be sent again.

import { Failure, local, path, post, send, sleep } from '/ui/api.js';
import { bytes, fill, make } from '/ui/dom.js';
import { button } from '/ui/parts.js';

/** How often a file is sent again by itself after the connection broke off. */
const TRIES = 3;

const stored = (file, asset) =>
  `yolo-upload:${asset}:${file.name}:${file.size}:${file.lastModified}`;

function readTicket(name) {
  try {
    const ticket = JSON.parse(sessionStorage.getItem(name));
    return ticket && Date.parse(ticket.expiresAt) > Date.now() + 60_000 ? ticket : null;
  } catch {
    return null;
  }
}

function keepTicket(name, ticket) {
  try {
    if (ticket) sessionStorage.setItem(name, JSON.stringify(ticket));
    else sessionStorage.removeItem(name);
  } catch {
    /* Without storage a broken upload begins with a new ticket. */
  }
}

/**
 * Sends a file for a dataset or a model, and redeems it; returns the identifier of the upload.
 * `progress` is told what is going on: `(sentence, fraction or null)`.
 */
export async function upload(file, assetType, assetId, progress, signal) {
  const name = stored(file, assetId);
  let ticket = readTicket(name);
  for (let attempt = 1; ; attempt += 1) {
    if (!ticket) {
      progress('Asking for a ticket', null);
      ticket = await post(
        path(['upload', 'signed-url']),
        {
          assetType,
          assetId,
          filename: file.name,
          contentType: file.type || 'application/octet-stream',
          totalBytes: file.size,
        },
        signal,
      );
      keepTicket(name, ticket);
    }
    const address = local(ticket.uploadUrl);
    if (!address) throw new Failure(0, 'The server answered with an address that is not its own.');
    try {
      await send('PUT', address, file, {
        withKey: false,
        signal,
        type: file.type || 'application/octet-stream',
        onProgress: (sent, total) =>
          progress(`Sending ${bytes(sent)} of ${bytes(total)}`, total ? sent / total : null),
      });
      break;
    } catch (error) {
      if (signal?.aborted) throw error;
      // A ticket that is over or was redeemed is of no use any longer.
      if (
        error.status >= 400 &&
        error.status < 500 &&
        error.status !== 408 &&
        error.status !== 429
      ) {
        keepTicket(name, null);
        if (!ticket.isOld && (error.status === 403 || error.status === 409) && attempt < TRIES) {
          ticket = null;
          continue;
        }
        throw error;
      }
      if (attempt >= TRIES) throw error;
      progress(`${error.message} It is sent again (${attempt + 1} of ${TRIES}).`, null);
      await sleep(Math.max(2 ** attempt, error.retryAfter ?? 0) * 1000, signal);
    }
  }
  progress('Checking the file', null);
  await post(path(['upload', 'complete']), { sessionId: ticket.sessionId }, signal);
  keepTicket(name, null);
  return ticket.sessionId;
}

/** A bar with a sentence that tells how far something is. */
export function progressBar(label) {
  const bar = make('progress', { max: '1', 'aria-label': label });
  const text = make('p', { class: 'progress-text' });
  let told = 0;
  const spoken = make('p', { class: 'offscreen', role: 'status' });
  const box = make('div', { class: 'progress' }, bar, text, spoken);
  return {
    box,
    show(sentence, fraction) {
      if (fraction === null) bar.removeAttribute('value');
      else bar.value = fraction;
      fill(text, sentence, fraction === null ? '' : ` · ${Math.round(100 * fraction)} %`);
      // A screen reader hears of it now and then, not of each part.
      if (fraction === null || Date.now() - told > 5000) {
        told = Date.now();
        spoken.textContent = text.textContent;
      }
    },
  };
}

/** A field for one file, which may be dropped on it; `take` gets the file. */
export function dropField({ label, hint, accept, id, take }) {
  const input = make('input', { type: 'file', id, class: 'file', accept });
  const chosen = make('span', { class: 'hint' }, hint);
  const box = make(
    'div',
    { class: 'dropping' },
    input,
    make('label', { class: 'drop', for: id }, label, chosen),
  );
  const use = (file) => {
    if (!file) return;
    fill(chosen, `${file.name}, ${bytes(file.size)}`);
    take(file);
  };
  input.addEventListener('change', () => {
    use(input.files[0]);
    input.value = '';
  });
  box.addEventListener('dragover', () => box.classList.add('over'));
  box.addEventListener('dragleave', () => box.classList.remove('over'));
  box.addEventListener('drop', (event) => {
    box.classList.remove('over');
    use(event.dataTransfer?.files[0]);
  });
  return box;
}

/** A button that stops what a controller controls. */
export const stopButton = (controller) =>
  button('Stop', () => controller.abort(new DOMException('Stopped.', 'AbortError')), {
    kind: 'small',
  });
