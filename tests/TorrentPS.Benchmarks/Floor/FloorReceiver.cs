using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Floor;

/// <summary>The minimum of a download: receive, hash and write, by the megabyte, in one thread, and nothing else.</summary>
internal static class FloorReceiver
{
    private const int PartLength = 1 << 20;

    public static Task ServeAsync(int port, string folder) => Worker.ServeAsync("ready", () => Task.FromResult<object>(Receive(port, Path.Combine(folder, "floor.bin"))));

    private static FloorRun Receive(int port, string path)
    {
        byte[] part = GC.AllocateUninitializedArray<byte>(PartLength, pinned: true);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        long total = 0;
        long allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
        long startedAt = Stopwatch.GetTimestamp();
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Connect(IPAddress.Loopback, port);
            while (Fill(socket, part) is > 0 and int length)
            {
                SHA1.HashData(part.AsSpan(0, length), hash);
                RandomAccess.Write(file, part.AsSpan(0, length), total);
                total += length;
            }
        }

        return new FloorRun
        {
            Seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
            CpuSeconds = (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds,
            AllocatedBytes = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore,
            Bytes = total,
        };
    }

    private static int Fill(Socket socket, byte[] part)
    {
        int length = 0;
        while (length < part.Length && socket.Receive(part, length, part.Length - length, SocketFlags.None) is > 0 and int received)
            length += received;
        return length;
    }
}
