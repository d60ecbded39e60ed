using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>The peers that keep their places at a full client, in simulated time.</summary>
public sealed class TurnoverTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    /// <summary>By which the test's peer knows metadata messages.</summary>
    private const byte MetadataId = 7;

    private static readonly Sample s_sample = Sample.Make(65536, 5, ("data.bin", 4 * 65536));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Connects and handshakes; null if there is no answer.</summary>
    private static async Task<Socket?> ConnectAsync(SwarmMember seed, byte number)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(seed.EndPoint, Token);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, s_sample.Torrent.InfoHash.Wire, Enumerable.Repeat(number, 20).ToArray());
        handshake[25] |= 0x10; // BEP 10
        await socket.SendAsync(handshake, Token);
        using var limit = new CancellationTokenSource(s_limit);
        int read = 0;
        try
        {
            for (int count; read < handshake.Length && (count = await socket.ReceiveAsync(handshake.AsMemory(read), limit.Token)) > 0;)
                read += count;
        }
        catch (SocketException)
        {
            // closed without an answer
        }

        if (read == handshake.Length)
            return socket;
        socket.Dispose();
        return null;
    }

    private static byte[] Message(MessageId id)
    {
        byte[] message = new byte[5];
        PeerMessage.WriteState(message, id);
        return message;
    }

    private static byte[] Extended(byte id, string payload)
    {
        byte[] message = new byte[6 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length - 4);
        (message[4], message[5]) = ((byte)MessageId.Extended, id);
        Encoding.ASCII.GetBytes(payload, message.AsSpan(6));
        return message;
    }

    /// <summary>Reads until a metadata message has come.</summary>
    private static async Task AnswerAsync(Socket socket)
    {
        byte[] header = new byte[4];
        for (byte[] message = []; message.Length < 2 || message[0] != (byte)MessageId.Extended || message[1] != MetadataId;)
        {
            await ReadAsync(socket, header);
            await ReadAsync(socket, message = new byte[BinaryPrimitives.ReadInt32BigEndian(header)]);
        }
    }

    private static async Task ReadAsync(Socket socket, Memory<byte> buffer)
    {
        for (int read = 0, count; read < buffer.Length; read += count)
        {
            count = await socket.ReceiveAsync(buffer[read..], Token);
            Assert.True(count > 0, "The connection was closed.");
        }
    }

    [Fact]
    public async Task An_interested_peer_that_takes_nothing_loses_its_place_after_ten_minutes()
    {
        FakeTimeProvider time = new();
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { MaxPeers = 1 }, client: new TorrentClientOptions { TimeProvider = time });
        using Socket? idler = await ConnectAsync(seed, 1);
        Assert.NotNull(idler);
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => seed.LogText.Contains("connected:", StringComparison.Ordinal), s_limit)));
        await idler.SendAsync(Message(MessageId.Interested), Token);
        await idler.SendAsync(Extended(0, $"d1:md11:ut_metadatai{MetadataId}eee"), Token);
        async Task PassAsync(int seconds)
        {
            for (int i = 0; i < seconds; i += 10)
            {
                // A sign of life whose answer shows that the seed has read all that came before.
                await idler.SendAsync(Extended(MetadataMessage.OwnId, "d8:msg_typei0e5:piecei0ee"), Token);
                await AnswerAsync(idler);
                await seed.PassAsync(time, 10);
            }
        }

        await PassAsync(500);
        Assert.Null(await ConnectAsync(seed, 2));
        await PassAsync(400);
        using Socket? comer = await ConnectAsync(seed, 3);
        Assert.True(comer is not null, seed.LogText);
        await seed.StopAsync();
        Assert.Contains("closed: Replaced", seed.LogText, StringComparison.Ordinal);
    }
}
