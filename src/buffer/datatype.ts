// The datatypes of tensors, by the names of the Open Inference Protocol.

/** Bytes of an element of each datatype. */
export const datatypes = {
  FP32: { bytes: 4 },
  FP64: { bytes: 8 },
  INT64: { bytes: 8 },
  INT32: { bytes: 4 },
  UINT8: { bytes: 1 },
  // 0 or 1.
  BOOL: { bytes: 1 }
} as const

export type Datatype = keyof typeof datatypes
