/** Binary values of a widget state: out of the JSON and back into it. */
import { BufferPath, JsonObject } from '../../core/protocol';

type Container = Record<string | number, unknown>;

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && toBuffer(value) === null;
}

/** See a binary value as an ArrayBuffer of its own; `null` when it is not binary. */
export function toBuffer(value: unknown): ArrayBuffer | null {
  if (value instanceof ArrayBuffer) {
    return value;
  }
  if (ArrayBuffer.isView(value)) {
    return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) as ArrayBuffer;
  }
  return null;
}

/** Put `buffers` into `state` as DataViews, as the reference implementation does. */
export function putBuffers(state: JsonObject, paths: BufferPath[], buffers: ArrayBuffer[]): void {
  paths.forEach((path, index) => {
    const keys = [...path];
    const last = keys.pop();
    let target: unknown = state;
    for (const key of keys) {
      if (!isContainer(target) || FORBIDDEN.has(String(key))) {
        return;
      }
      target = target[key];
    }
    if (last !== undefined && isContainer(target) && !FORBIDDEN.has(String(last))) {
      target[last] = new DataView(buffers[index]);
    }
  });
}

/** The parts of a state that was separated from its binary values. */
export interface ISeparated {
  state: JsonObject;
  buffer_paths: BufferPath[];
  buffers: ArrayBuffer[];
}

/** Take the binary values out of `state`, leaving the argument as it is. */
export function removeBuffers(state: JsonObject): ISeparated {
  const buffer_paths: BufferPath[] = [];
  const buffers: ArrayBuffer[] = [];
  const note = (value: unknown, path: BufferPath): boolean => {
    const buffer = toBuffer(value);
    if (buffer !== null) {
      buffer_paths.push(path);
      buffers.push(buffer);
    }
    return buffer !== null;
  };
  const walk = (value: unknown, path: BufferPath): unknown => {
    if (Array.isArray(value)) {
      // A list keeps its length, so that the later indices stay right.
      return value.map((item, index) =>
        note(item, [...path, index]) ? null : walk(item, [...path, index])
      );
    }
    if (isContainer(value) && Object.getPrototypeOf(value) === Object.prototype) {
      const copy: JsonObject = {};
      for (const [key, item] of Object.entries(value)) {
        if (!note(item, [...path, key])) {
          copy[key] = walk(item, [...path, key]);
        }
      }
      return copy;
    }
    return value;
  };
  return { state: walk(state, []) as JsonObject, buffer_paths, buffers };
}

/** Compare two state values by content. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) {
    return true;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return false;
  }
  if (toBuffer(a) !== null || toBuffer(b) !== null) {
    // Comparing megabytes costs more than drawing them again.
    return false;
  }
  if (Array.isArray(a) !== Array.isArray(b)) {
    return false;
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(key => key in b && isEqual((a as Container)[key], (b as Container)[key]))
  );
}
