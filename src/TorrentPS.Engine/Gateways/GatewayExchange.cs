using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Gateways;

/// <summary>Parses an answer; null if it is another datagram, and the answer may still come.</summary>
internal delegate T? AnswerReader<T>(ReadOnlySpan<byte> datagram)
    where T : class;

/// <summary>
/// Sends requests to a gateway by datagram, repeated after 250 ms and then twice as long each time (RFC 6886, 3.1; RFC 6887, 8.1.1), for some seconds in total.
/// </summary>
internal sealed class GatewayExchange(IPEndPoint gateway, NetworkRoute route, TimeProvider time)
{
    private const int MaxAnswer = 1100; // RFC 6887, 7
    private const int Tries = 4;

    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(250);

    /// <summary>The gateway's address and port.</summary>
    public IPEndPoint Gateway => gateway;

    /// <summary>Sends a request until it is answered.</summary>
    /// <param name="write">Writes the request for our address towards the gateway.</param>
    /// <param name="read">Parses an answer.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="GatewayException">The gateway did not answer.</exception>
    public async Task<T> AskAsync<T>(Func<IPAddress, byte[]> write, AnswerReader<T> read, CancellationToken cancellationToken)
        where T : class
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            using DatagramSocket socket = DatagramSocket.Open(gateway, route);
            byte[] request = write(socket.LocalAddress);
            Task<T> answer = ReceiveAsync(socket, read, ended.Token);
            for (int i = 0; i < Tries; i++)
            {
                await socket.SendAsync(request, cancellationToken).ConfigureAwait(false);
                if (await Task.WhenAny(answer, Task.Delay(s_firstWait * (1 << i), time, cancellationToken)).ConfigureAwait(false) == answer)
                    return await answer.ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }

            throw new GatewayException($"{gateway.Address} did not answer");
        }
        catch (SocketException exception)
        {
            throw new GatewayException($"{gateway.Address} did not answer ({exception.Message})", inner: exception);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }

    private static async Task<T> ReceiveAsync<T>(DatagramSocket socket, AnswerReader<T> read, CancellationToken cancellationToken)
        where T : class
    {
        byte[] buffer = new byte[MaxAnswer];
        while (true)
        {
            int length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read(buffer.AsSpan(0, length)) is { } answer)
                return answer;
        }
    }
}
