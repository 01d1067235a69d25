/** The system-call filter of a sandbox: a classic BPF program, made here. Pure; knows no process. */

/** x86_64 and aarch64, in this order: arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl of Linux 6.15. */
type Numbers = readonly [x64: number, arm64: number];

/** Nothing that builds, tests or trains needs these; each is a way to another process, out of a namespace or into the kernel. */
export const REFUSED: Readonly<Record<string, Numbers>> = {
  // Memory, descriptors and secrets of other processes, and of the kernel's key rings.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // Parts of the kernel where most ways out were found.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // Mounts and namespaces; clone and unshare are looked at closer below.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  move_mount: [429, 429],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  setns: [308, 268],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  // The machine as a whole.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
};

const UNSHARE: Numbers = [272, 97];
const CLONE: Numbers = [56, 220];
const CLONE3: Numbers = [435, 435];
const PERSONALITY: Numbers = [135, 92];
const IOCTL: Numbers = [16, 29];
const SOCKET: Numbers = [41, 198];

/** Ways to send a signal, each with the position of its number among the arguments. */
const SIGNALS: readonly { readonly call: Numbers; readonly argument: number }[] = [
  { call: [62, 129], argument: 1 }, // kill
  { call: [200, 130], argument: 1 }, // tkill
  { call: [234, 131], argument: 2 }, // tgkill
  { call: [129, 138], argument: 1 }, // rt_sigqueueinfo
  { call: [297, 240], argument: 2 }, // rt_tgsigqueueinfo
  { call: [424, 424], argument: 1 }, // pidfd_send_signal
];
const FCNTL: Numbers = [72, 25];
const SIGUSR1 = 10;
/** Chooses the signal that the kernel sends to the owner of a descriptor, who may be another process. */
const F_SETSIG = 10;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000;
/** For `unshare` alone: `clone` keeps the signal of the end in these bits. */
const CLONE_NEWTIME = 0x80;
/** Put characters into a terminal's input, where somebody's shell would run them. */
const TERMINAL_INPUT = [0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */];
/** PER_LINUX, PER_LINUX32, each also with UNAME26, and the question what it is. */
const HARMLESS_PERSONALITIES = [0, 8, 0x20000, 0x20008, 0xffffffff];
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Of the others, AF_VSOCK passes by the network namespace, to the host of a machine. */
const SOCKET_FAMILIES = [1, 2, 10, 16];

const ARCHITECTURES: Readonly<Record<string, { readonly column: 0 | 1; readonly audit: number }>> = {
  /** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 of linux/audit.h. */
  x64: { column: 0, audit: 0xc000003e },
  arm64: { column: 1, audit: 0xc00000b7 },
};
/** Calls of the x32 interface carry this bit and reach the same functions by other numbers. */
const X32_BIT = 0x40000000;

const EPERM = 1;
const ENOSYS = 38;
/** linux/seccomp.h and linux/bpf_common.h. */
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const refuseWith = (errno: number): number => 0x00050000 | errno;
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_BITS = 0x45;
const RETURN = 0x06;
/** Offsets in `struct seccomp_data`; of an argument the lower half, which is all the kernel reads of flags and commands. */
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const argumentAt = (index: number): number => 16 + 8 * index;

interface Instruction {
  readonly code: number;
  readonly value: number;
  /** Instructions to pass over when the condition holds, and when not. */
  readonly yes?: number;
  readonly no?: number;
}

/**
 * The filter for programs of `architecture` (as `process.arch` says it), as bwrap reads it; undefined where there is
 * none. A denied call fails with EPERM. `clone3` fails with ENOSYS, since its flags lie in memory, where a filter can't
 * look: libc then takes `clone`. A call by the numbers of another architecture ends the process.
 *
 * `holdsResult`: some process of the command holds its result descriptor. SIGUSR1, by which any process of the user can
 * open the debugger of a Node program and have it run what he likes, can then be sent to nobody.
 */
export function seccompFilter(
  architecture: string,
  { holdsResult }: { readonly holdsResult: boolean },
): Buffer | undefined {
  const known = ARCHITECTURES[architecture];
  if (known === undefined) return undefined;
  const of = (numbers: Numbers): number => numbers[known.column];
  const isX64 = known.column === 0;
  return encoded([
    { code: LOAD, value: ARCHITECTURE_AT },
    { code: JUMP_IF_EQUAL, value: known.audit, yes: 1 },
    returns(KILL_PROCESS),
    { code: LOAD, value: NUMBER_AT },
    ...(isX64 ? [{ code: JUMP_IF_AT_LEAST, value: X32_BIT, no: 1 }, returns(refuseWith(EPERM))] : []),
    // First those that programs do make: the kernel remembers the answer only where no argument was looked at.
    ...looksAt({ number: of(IOCTL), argument: 1, values: TERMINAL_INPUT, listed: refuseWith(EPERM) }),
    ...(holdsResult ? refusesDebugger(of) : []),
    ...refusesBits(of(CLONE), NEW_NAMESPACES),
    ...looksAt({ number: of(SOCKET), argument: 0, values: SOCKET_FAMILIES, listed: ALLOW }),
    ...refusesBits(of(UNSHARE), NEW_NAMESPACES | CLONE_NEWTIME),
    ...looksAt({ number: of(PERSONALITY), argument: 0, values: HARMLESS_PERSONALITIES, listed: ALLOW }),
    ...refuses(of(CLONE3), ENOSYS),
    ...Object.values(REFUSED).flatMap((numbers) => refuses(of(numbers), EPERM)),
    returns(ALLOW),
  ]);
}

function refusesDebugger(of: (numbers: Numbers) => number): Instruction[] {
  const listed = refuseWith(EPERM);
  return [
    ...SIGNALS.flatMap(({ call, argument }) =>
      looksAt({ number: of(call), argument, values: [SIGUSR1], listed }),
    ),
    ...looksAt({ number: of(FCNTL), argument: 1, values: [F_SETSIG], listed }),
  ];
}

function returns(value: number): Instruction {
  return { code: RETURN, value };
}

function refuses(number: number, errno: number): Instruction[] {
  return [{ code: JUMP_IF_EQUAL, value: number, no: 1 }, returns(refuseWith(errno))];
}

/** Refuses a call whose first argument has any of the bits. */
function refusesBits(number: number, bits: number): Instruction[] {
  return [
    { code: JUMP_IF_EQUAL, value: number, no: 4 },
    { code: LOAD, value: argumentAt(0) },
    { code: JUMP_IF_BITS, value: bits, no: 1 },
    returns(refuseWith(EPERM)),
    returns(ALLOW),
  ];
}

/** Gives one answer for the listed values of an argument and the other for all others. */
function looksAt(look: {
  number: number;
  argument: number;
  values: readonly number[];
  listed: number;
}): Instruction[] {
  const { number, argument, values, listed } = look;
  const other = listed === ALLOW ? refuseWith(EPERM) : ALLOW;
  return [
    { code: JUMP_IF_EQUAL, value: number, no: values.length + 3 },
    { code: LOAD, value: argumentAt(argument) },
    ...values.map((value, index) => ({ code: JUMP_IF_EQUAL, value, yes: values.length - index })),
    returns(other),
    returns(listed),
  ];
}

/** `struct sock_filter` of linux/filter.h: u16 code, u8 jt, u8 jf, u32 k; both architectures are little-endian. */
function encoded(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(({ code, value, yes = 0, no = 0 }, index) => {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(yes, 8 * index + 2);
    bytes.writeUInt8(no, 8 * index + 3);
    bytes.writeUInt32LE(value >>> 0, 8 * index + 4);
  });
  return bytes;
}
