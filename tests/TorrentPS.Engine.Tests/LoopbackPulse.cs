using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Tests;

/// <summary>
/// A message to this machine and back, by the same sockets, events and pool threads that the peers of a test use. A busy machine takes longer for it, as for all else, so
/// a test paced by it never runs ahead.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Idle ones are used again until the test program ends.")]
internal sealed class LoopbackPulse
{
    private static readonly ConcurrentBag<LoopbackPulse> s_idle = [];

    private readonly byte[] _sent = new byte[1];
    private readonly byte[] _received = new byte[1];
    private readonly Socket _here;
    private readonly Socket _there;

    private LoopbackPulse()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _here = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _here.Connect(listener.LocalEndPoint!);
        _there = listener.Accept();
        _there.NoDelay = true;
    }

    /// <summary>Waits as long as a number of messages take, there and back.</summary>
    public static async Task BeatAsync(int times)
    {
        if (!s_idle.TryTake(out LoopbackPulse? pulse))
            pulse = new LoopbackPulse();
        for (int i = 0; i < times; i++)
        {
            await SendAsync(pulse._here, pulse._there).ConfigureAwait(false);
            await SendAsync(pulse._there, pulse._here).ConfigureAwait(false);
        }

        s_idle.Add(pulse);

        async Task SendAsync(Socket from, Socket to)
        {
            // The receiver first, so that it does wait.
            Task<int> arrival = to.ReceiveAsync(pulse._received);
            await from.SendAsync(pulse._sent).ConfigureAwait(false);
            await arrival.ConfigureAwait(false);
        }
    }
}
