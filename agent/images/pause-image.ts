import { imageArchive, type ImageArchitecture } from './image-archive.ts';

/** The reference of the sandbox image that every agent makes for itself, so that pods start on a host that reaches no registry. */
export const PAUSE_REFERENCE = 'localhost/skep-pause:1';

/**
 * What the sandbox's first process does: it blocks SIGINT, SIGTERM and SIGCHLD and waits for one of them. SIGCHLD: reap every dead child
 * (a pod may share one process namespace, then this is its init) and wait on. SIGINT, SIGTERM: exit 0. The kernel drops a signal that process 1
 * has not blocked and has no handler for, so a plain pause(2) would sit out the whole grace period; a blocked signal is kept.
 *
 * Each row is one instruction. The addresses are relative, so the code runs wherever it is loaded.
 */
const PROGRAMS: Readonly<Record<ImageArchitecture, string>> = {
  amd64: `
    b80e000000         mov    eax, 14              rt_sigprocmask(
    31ff               xor    edi, edi               SIG_BLOCK,
    488d3552000000     lea    rsi, [rip + set]       &set,
    31d2               xor    edx, edx               NULL,
    41ba08000000       mov    r10d, 8                8)
    0f05               syscall
    b880000000         wait:  mov eax, 128         rt_sigtimedwait(
    488d3d3c000000     lea    rdi, [rip + set]       &set,
    31f6               xor    esi, esi               NULL,
    31d2               xor    edx, edx               NULL,
    41ba08000000       mov    r10d, 8                8)
    0f05               syscall
    83f811             cmp    eax, 17              SIGCHLD?
    751c               jne    signal
    b83d000000         reap:  mov eax, 61          wait4(
    bfffffffff         mov    edi, -1                any child,
    31f6               xor    esi, esi               NULL,
    ba01000000         mov    edx, 1                 WNOHANG,
    4531d2             xor    r10d, r10d             NULL)
    0f05               syscall
    85c0               test   eax, eax
    7fe6               jg     reap
    ebc7               jmp    wait
    85c0               signal: test eax, eax       interrupted: wait again
    78c3               js     wait
    b83c000000         mov    eax, 60              exit(
    31ff               xor    edi, edi               0)
    0f05               syscall
    6690               nop                         to a multiple of 8
    0240010000000000   set:   bits 1, 14 and 16    SIGINT, SIGTERM, SIGCHLD`,
  arm64: `
    000080d2           mov    x0, 0                rt_sigprocmask(SIG_BLOCK,
    61030010           adr    x1, set                &set,
    020080d2           mov    x2, 0                  NULL,
    030180d2           mov    x3, 8                  8)
    e81080d2           mov    x8, 135
    010000d4           svc    0
    c0020010           wait:  adr x0, set          rt_sigtimedwait(&set,
    010080d2           mov    x1, 0                  NULL,
    020080d2           mov    x2, 0                  NULL,
    030180d2           mov    x3, 8                  8)
    281180d2           mov    x8, 137
    010000d4           svc    0
    1f4400f1           cmp    x0, 17               SIGCHLD?
    41010054           b.ne   signal
    00008092           reap:  mov x0, -1           wait4(any child,
    010080d2           mov    x1, 0                  NULL,
    220080d2           mov    x2, 1                  WNOHANG,
    030080d2           mov    x3, 0                  NULL)
    882080d2           mov    x8, 260
    010000d4           svc    0
    1f0000f1           cmp    x0, 0
    2cffff54           b.gt   reap
    f0ffff17           b      wait
    1f0000f1           signal: cmp x0, 0           interrupted: wait again
    cbfdff54           b.lt   wait
    000080d2           mov    x0, 0                exit(0)
    a80b80d2           mov    x8, 93
    010000d4           svc    0
    0240010000000000   set:   bits 1, 14 and 16    SIGINT, SIGTERM, SIGCHLD`,
};

/** e_machine of elf.h. */
const ELF_MACHINES: Readonly<Record<ImageArchitecture, number>> = { amd64: 62, arm64: 183 };
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const LOAD_ADDRESS = 0x400000;
/** The largest page of an arm64 kernel: a smaller alignment would not load there. */
const ALIGNMENT = 0x10000;

/** The sandbox image as a `docker save` archive with the reference PAUSE_REFERENCE: one static executable of under 300 bytes. */
export function pauseImageArchive(architecture: ImageArchitecture): Uint8Array {
  return imageArchive({
    references: [PAUSE_REFERENCE],
    architecture,
    files: [{ path: 'pause', type: 'file', mode: 0o755, content: pauseExecutable(architecture) }],
    config: { Entrypoint: ['/pause'] },
  });
}

/** The pause program as a static ELF executable: file header, one loadable segment that covers the whole file, code. */
export function pauseExecutable(architecture: ImageArchitecture): Uint8Array {
  const code = machineCode(PROGRAMS[architecture]);
  const codeOffset = HEADER_BYTES + PROGRAM_HEADER_BYTES;
  const file = new Uint8Array(codeOffset + code.length);
  const view = new DataView(file.buffer);
  const half = (offset: number, value: number): void => view.setUint16(offset, value, true);
  const word = (offset: number, value: number): void => view.setUint32(offset, value, true);
  const long = (offset: number, value: number): void => view.setBigUint64(offset, BigInt(value), true);

  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // magic, 64 bits, little-endian, version 1
  half(16, 2); // e_type: executable
  half(18, ELF_MACHINES[architecture]);
  word(20, 1); // e_version
  long(24, LOAD_ADDRESS + codeOffset); // e_entry
  long(32, HEADER_BYTES); // e_phoff
  half(52, HEADER_BYTES); // e_ehsize
  half(54, PROGRAM_HEADER_BYTES); // e_phentsize
  half(56, 1); // e_phnum

  word(HEADER_BYTES, 1); // p_type: load
  word(HEADER_BYTES + 4, 5); // p_flags: read, execute
  long(HEADER_BYTES + 16, LOAD_ADDRESS); // p_vaddr
  long(HEADER_BYTES + 24, LOAD_ADDRESS); // p_paddr
  long(HEADER_BYTES + 32, file.length); // p_filesz
  long(HEADER_BYTES + 40, file.length); // p_memsz
  long(HEADER_BYTES + 48, ALIGNMENT); // p_align
  file.set(code, codeOffset);
  return file;
}

/** The first column of a listing, as bytes. */
function machineCode(listing: string): Uint8Array {
  const hex = listing
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .join('');
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
