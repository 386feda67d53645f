// Calls of the API: the key, errors in the server's own words, limits of calls, polling.

import { toast } from '/ui/dom.js';

const STORED = 'yolo-console-key';
const REASON = 'yolo-console-reason';
/** The shortest time between two calls that nobody has asked for, in seconds. */
const POLLING = 5;
/** How long a call waits for the limit by itself, in seconds. */
const PATIENCE = 70;

export const session = { key: null, account: null };

/** What the last answer told of the limit of calls. */
export const limits = new (class extends EventTarget {
  limit = null;
  remaining = null;
  reset = null;
  pausedUntil = 0;

  read(headers) {
    const number = (name) => (headers.get(name) === null ? null : Number(headers.get(name)));
    const limit = number('X-RateLimit-Limit');
    if (limit === null) return;
    Object.assign(this, {
      limit,
      remaining: number('X-RateLimit-Remaining'),
      reset: number('X-RateLimit-Reset'),
    });
    this.dispatchEvent(new Event('change'));
  }

  pause(seconds) {
    this.pausedUntil = Math.max(this.pausedUntil, Date.now() + seconds * 1000);
    this.dispatchEvent(new Event('change'));
  }
})();

/** Reads the key of this tab. */
export function restoreKey() {
  try {
    session.key = sessionStorage.getItem(STORED);
  } catch {
    /* Storage may be forbidden: then the key lasts until the page is left. */
  }
}

export function keepKey(key) {
  session.key = key;
  session.account = null;
  try {
    if (key) sessionStorage.setItem(STORED, key);
    else sessionStorage.clear();
  } catch {
    /* As above. */
  }
}

/** Keeps why somebody was signed out, for the view that asks for a key. */
export function keepReason(text) {
  try {
    sessionStorage.setItem(REASON, text);
  } catch {
    /* As above. */
  }
}

export function takeReason() {
  try {
    const text = sessionStorage.getItem(REASON);
    sessionStorage.removeItem(REASON);
    return text;
  } catch {
    return null;
  }
}

/** Why a call failed. */
export class Failure extends Error {
  constructor(status, message, { code = null, details = null, retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { status, code, details, retryAfter });
  }

  /** Whether the server does not have what was asked for at all. */
  get isAbsent() {
    return (
      this.status === 405 ||
      this.status === 501 ||
      (this.status === 404 &&
        /nothing at this path|not available on this server/i.test(this.message))
    );
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failure(status, text, retryAfter) {
  const body = parsed(text);
  const flat = typeof body?.error === 'string' ? body.error : null;
  const message =
    flat ??
    body?.error?.message ??
    body?.message ??
    (status === 404
      ? 'There is nothing at this path.'
      : `The server answered ${status} without a reason.`);
  return new Failure(status, message, {
    code: body?.code ?? body?.error?.code ?? null,
    details: body?.details ?? body?.error?.details ?? null,
    retryAfter,
  });
}

function seconds(header) {
  if (header === null || header === undefined) return null;
  const number = Number(header);
  if (Number.isFinite(number)) return Math.max(0, number);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

export const sleep = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });

/** An address of the API; names are encoded, and what is null is left out. */
export function path(parts, query = {}) {
  const list = Object.entries(query).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  );
  const tail = list.length
    ? `?${new URLSearchParams(list.map(([name, value]) => [name, String(value)]))}`
    : '';
  return `/api/${parts.map((part) => encodeURIComponent(part)).join('/')}${tail}`;
}

/**
 * Calls the API and returns what it answers. Reading calls that are refused because of the limit
 * wait as long as the server says, and are repeated.
 */
export async function call(method, address, { body, signal } = {}) {
  const isRead = method === 'GET';
  for (;;) {
    const wait = limits.pausedUntil - Date.now();
    if (isRead && wait > 0 && wait < PATIENCE * 1000) await sleep(wait, signal);
    const headers = { Accept: 'application/json' };
    if (session.key) headers.Authorization = `Bearer ${session.key}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let response;
    let text;
    try {
      response = await fetch(address, {
        method,
        headers,
        signal,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
      });
      text = await response.text();
    } catch (error) {
      if (error.name === 'AbortError' || signal?.aborted) throw signal?.reason ?? error;
      throw new Failure(0, 'The server cannot be reached.');
    }
    limits.read(response.headers);
    if (response.ok) return text ? parsed(text) : null;
    const retryAfter = seconds(response.headers.get('Retry-After'));
    if (response.status === 429) {
      const isNew = limits.pausedUntil < Date.now();
      limits.pause(retryAfter ?? 60);
      if (isNew) toast(failure(429, text).message, 'bad');
      if (isRead && (retryAfter ?? 60) < PATIENCE) continue;
    }
    if (response.status === 401 && session.key) dispatchEvent(new CustomEvent('yolo-unauthorized'));
    throw failure(response.status, text, retryAfter);
  }
}

export const get = (address, signal) => call('GET', address, { signal });
export const post = (address, body = {}, signal) => call('POST', address, { body, signal });
export const patch = (address, body, signal) => call('PATCH', address, { body, signal });
export const remove = (address, body, signal) => call('DELETE', address, { body, signal });

/**
 * Sends bytes or a form with progress; returns the answer.
 * Signed addresses carry their own right, and are sent no key.
 */
export function send(method, address, body, { onProgress, signal, withKey = true, type } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    if (withKey && session.key) request.setRequestHeader('Authorization', `Bearer ${session.key}`);
    if (type) request.setRequestHeader('Content-Type', type);
    request.upload.onprogress = (event) => onProgress?.(event.loaded, event.total);
    request.onload = () => {
      limits.read({ get: (name) => request.getResponseHeader(name) });
      if (request.status >= 200 && request.status < 300)
        return resolve(parsed(request.responseText));
      const retryAfter = seconds(request.getResponseHeader('Retry-After'));
      if (request.status === 429) limits.pause(retryAfter ?? 60);
      reject(failure(request.status, request.responseText, retryAfter));
    };
    request.onerror = () => reject(new Failure(0, 'The connection broke off.'));
    request.onabort = () => reject(signal?.reason ?? new DOMException('Stopped.', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(body);
  });
}

/** A signed address of the server as one of the origin of this page, whatever name it goes by. */
export function local(address) {
  try {
    const url = new URL(address, location.href);
    return url.pathname.startsWith('/storage/') ? url.pathname + url.search : null;
  } catch {
    return null;
  }
}

function visible(signal) {
  if (document.visibilityState === 'visible') return Promise.resolve();
  return new Promise((resolve, reject) => {
    const look = () => {
      if (document.visibilityState !== 'visible') return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener(
      'abort',
      () => {
        document.removeEventListener('visibilitychange', look);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

/**
 * Repeats `step` until it returns false or the view is left, never more often than every five
 * seconds, and not at all while the tab is hidden.
 */
export async function poll(step, period, signal) {
  try {
    for (;;) {
      await sleep(Math.max(POLLING, period) * 1000, signal);
      await visible(signal);
      const wait = limits.pausedUntil - Date.now();
      if (wait > 0) await sleep(wait, signal);
      if ((await step()) === false) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
