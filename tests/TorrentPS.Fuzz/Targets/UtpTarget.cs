using System.Buffers.Binary;
using TorrentPS.Engine.Transport.Utp;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>
/// The packets of one uTP connection, which itself has data to send. The first byte of the input selects the connecting side, whether received data is read, and the time
/// between packets. Connection ids are checked by the host: here all packets belong to the connection.
/// </summary>
internal sealed class UtpTarget : FuzzTarget
{
    private const int Connects = 1;
    private const int Reads = 2;
    private const int Closes = 4;
    private const int Payload = 40_000;
    private const int MaxSent = 8 << 20;

    private static readonly Lazy<byte[][]> s_seeds = new(Record);

    public override string Name => "utp";

    public override string Description => "packets of one uTP connection (BEP 29), with acknowledgements, losses and time-outs";

    public override IReadOnlyList<byte[]> Seeds => s_seeds.Value;

    public override InputShape Shape => InputShape.Messages;

    public override int MaxLength => 128 * 1024;

    // The rings of sent and received data grow to 1 MiB each, and take twice that while they grow.
    public override long MaxAllocated(int length) => (8 << 20) + 64L * length;

    public override int Try(byte[] input)
    {
        if (input.Length == 0)
            return 0;
        var end = new End(connects: (input[0] & Connects) != 0, reads: (input[0] & Reads) != 0);
        long step = 1L << (input[0] >> 3); // from a microsecond to more than half an hour
        int taken = 0, packets = 0;
        for (ReadOnlySpan<byte> left = input.AsSpan(1); left.Length >= 4 && packets < 2000; packets++)
        {
            int length = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(left), (uint)left.Length - 4);
            taken += length;
            end.Take(left.Slice(4, length));
            left = left[(4 + length)..];
            end.Pass(step);
            Require(end.Received + end.Connection.Readable <= taken, "more was received than was sent");
            Require(end.Memory.Taken >= 0 && end.Memory.Taken <= UtpReceiver.MaxReceived, "the memory is not what is held");
            Require(end.Connection.Flight >= 0 && end.Connection.Flight <= Payload, "what is under way is not what was written");
        }

        UtpState state = end.Connection.State;
        int sent = end.Sent;
        if ((input[0] & Closes) != 0)
            end.Connection.Close(end.Now);
        for (int i = 0; i < 400 && end.Connection.State != UtpState.Closed; i++)
            end.Pass(500_000);
        end.Connection.Abort(end.Now);
        end.Drain();
        Require(end.Memory.Taken == 0, "memory is not given back");
        Require(end.Sent <= MaxSent, "it sends without end");
        return HashCode.Combine(state, end.Connection.Failure, Log(sent), Log((int)end.Received), Math.Min(packets, 3), end.Connection.IsEnded, Log(end.Connection.PacketSize));
    }

    private static int Log(int value) => System.Numerics.BitOperations.Log2((uint)value | 1);

    /// <summary>The packets that one end of a good connection receives, in each role: without loss, and with every ninth packet lost.</summary>
    private static byte[][] Record() =>
    [
        .. from connects in (bool[])[false, true]
           from lost in (int[])[0, 9]
           from mode in (int[])[Reads, Reads | Closes | (14 << 3), 12 << 3]
           select Record(connects, lost, (byte)(mode | (connects ? Connects : 0))),
    ];

    private static byte[] Record(bool connects, int lost, byte mode)
    {
        End ours = new(connects, reads: true), other = new(!connects, reads: true);
        List<byte> recorded = [mode];
        int packets = 0;
        byte[] length = new byte[4];
        for (int turn = 0; turn < 60 && recorded.Count < 60_000; turn++)
        {
            foreach (byte[] packet in other.Outbox.ToArray())
            {
                BinaryPrimitives.WriteInt32BigEndian(length, packet.Length);
                recorded.AddRange(length);
                recorded.AddRange(packet);
                ours.Take(packet);
            }

            other.Outbox.Clear();
            foreach (byte[] packet in ours.Outbox.ToArray())
            {
                if (lost == 0 || ++packets % lost != 0)
                    other.Take(packet);
            }

            ours.Outbox.Clear();
            ours.Pass(20_000);
            other.Pass(20_000);
            if (turn == 50)
                other.Connection.Close(other.Now);
        }

        return [.. recorded];
    }

    /// <summary>One end of a connection: sends its data as soon as it may, and records its packets.</summary>
    private sealed class End : IUtpOutput
    {
        private const ushort Id = 500;

        private static readonly byte[] s_payload = new byte[Payload];

        private readonly bool _reads;
        private readonly byte[] _buffer = new byte[64 << 10];
        private int _written;
        private bool _hasBegun;

        public End(bool connects, bool reads)
        {
            _reads = reads;
            Connection = new UtpConnection(this, Memory, connects ? Id : (ushort)(Id + 1), connects ? (ushort)(Id + 1) : Id, number: (ushort)(connects ? 65_530 : 100), new MtuSearch(600, 1400));
            _hasBegun = connects;
            if (connects)
                Connection.Connect(Now);
        }

        public UtpConnection Connection { get; }

        public UtpMemory Memory { get; } = new(UtpReceiver.MaxReceived);

        public List<byte[]> Outbox { get; } = [];

        public long Now { get; private set; } = 1;

        public int Sent { get; private set; }

        public long Received { get; private set; }

        public bool Send(ReadOnlySpan<byte> packets, int length, bool isProbe)
        {
            Sent += packets.Length;
            for (; !packets.IsEmpty; packets = packets[Math.Min(length, packets.Length)..])
            {
                byte[] packet = packets[..Math.Min(length, packets.Length)].ToArray();
                Require(UtpHeader.TryRead(packet, out _, out _, out _), "what is sent cannot be read");
                if (Outbox.Count < 100)
                    Outbox.Add(packet);
            }

            return true;
        }

        public void Take(ReadOnlySpan<byte> packet)
        {
            if (!UtpHeader.TryRead(packet, out UtpHeader header, out ReadOnlySpan<byte> selectiveAck, out ReadOnlySpan<byte> payload))
                return;
            if (_hasBegun)
            {
                Connection.Receive(header, selectiveAck, payload, Now);
            }
            else if (header.Type == UtpPacketType.Syn)
            {
                _hasBegun = true;
                Connection.Accept(header, Now);
            }

            if (_hasBegun)
                Turn();
        }

        public void Pass(long microseconds)
        {
            Now += microseconds;
            if (!_hasBegun)
                return;
            Connection.Tick(Now);
            Turn();
        }

        public void Drain()
        {
            while (Connection.Readable > 0)
                Received += Connection.Read(_buffer, Now);
        }

        private void Turn()
        {
            Connection.Flush(Now);
            if (_written < Payload)
                _written += Connection.Write(s_payload.AsSpan(_written), Now);
            if (_reads)
                Drain();
        }
    }
}
