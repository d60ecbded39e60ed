using System.Diagnostics.CodeAnalysis;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// One connection (BEP 29) without a socket, a clock or a thread: packets and the time go in, packets come out. Times are in microseconds. Used by one
/// caller at a time. This part is its life from the first packet to the last; the others are what it sends and what it receives.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "It gives back its buffers when it ends.")]
internal sealed partial class UtpConnection
{
    private const int MaxSynTimeouts = 2;
    private const int MaxTimeouts = 5;
    private const int MaxUnprovenTimeouts = 2;
    private const long AnsweredLimit = 10_000_000;
    private const long CloseLimit = 5_000_000;
    private const long LongestEarly = 5_000_000; // several time-outs of the other side, which has sent the missing packet again by then
    private const long KeepAlivePeriod = 29_000_000; // below the half minute after which routers forget a mapping

    private readonly IUtpOutput _output;
    private readonly UtpMemory _memory;
    private readonly ushort _sendId;
    private readonly RoundTrip _roundTrip = new();
    private readonly Ledbat _congestion;
    private readonly MtuSearch _mtu;
    private long _now;
    private long _deadline = long.MaxValue;
    private long _stateEnds = long.MaxValue;
    private int _timeouts;
    private int _allowedTimeouts = MaxTimeouts;

    /// <param name="output">Where its packets go.</param>
    /// <param name="memory">What all connections share for what has arrived.</param>
    /// <param name="receiveId">The id in packets to us.</param>
    /// <param name="sendId">The id in packets from us.</param>
    /// <param name="number">The number of our first packet, which nobody can guess: it is what shows that the other side hears us.</param>
    /// <param name="mtu">Finds out how large packets may be.</param>
    public UtpConnection(IUtpOutput output, UtpMemory memory, ushort receiveId, ushort sendId, ushort number, MtuSearch mtu)
    {
        _output = output;
        _memory = memory;
        ReceiveId = receiveId;
        _sendId = sendId;
        _sent = new SentPackets(number);
        _mtu = mtu;
        _congestion = new Ledbat(mtu.Current);
    }

    public ushort ReceiveId { get; }

    public ushort SendId => _sendId;

    public UtpState State { get; private set; }

    /// <summary>Why it ended.</summary>
    public UtpFailure Failure { get; private set; }

    /// <summary>Whether time matters to it: it waits for an acknowledgement, or has something to send.</summary>
    public bool IsBusy => State != UtpState.Connected || _sent.Count > 0 || Unsent > 0;

    /// <summary>Asks for the connection.</summary>
    public void Connect(long now)
    {
        _now = now;
        State = UtpState.Connecting;
        ref SentPacket syn = ref _sent.Add();
        syn.Transmissions = 1;
        syn.SentAt = now;
        syn.Place = _outgoing.End;
        SendSyn();
        _deadline = now + _roundTrip.Timeout;
    }

    /// <summary>Answers one who asks for the connection. The answer is no longer than the question, and is not repeated unless that is.</summary>
    /// <param name="syn">What he asks.</param>
    /// <param name="now">The time.</param>
    /// <param name="wasAnswered">Whether he has the answer already.</param>
    public void Accept(in UtpHeader syn, long now, bool wasAnswered = false)
    {
        _now = now;
        State = UtpState.Answered;
        _stateEnds = now + AnsweredLimit;
        _allowedTimeouts = MaxUnprovenTimeouts;
        _arrived = syn.SequenceNumber;
        _synNumber = syn.SequenceNumber;
        _peerWindow = syn.WindowSize;
        NoteTimestamp(syn);
        if (!wasAnswered)
            SendState();
    }

    /// <summary>Sends what is left to send, and then the last packet. Nothing is received any more.</summary>
    public void Close(long now)
    {
        _now = now;
        DropReceived();
        if (State is UtpState.Closing or UtpState.Closed)
            return;
        if (State != UtpState.Connected)
        {
            End(UtpFailure.None); // nobody is sure of it yet
            return;
        }

        State = UtpState.Closing;
        _stateEnds = now + CloseLimit;
        SendMore();
    }

    /// <summary>Ends it at once, and tells the other side.</summary>
    public void Abort(long now)
    {
        _now = now;
        if (State is UtpState.Connected or UtpState.Closing)
            SendReset();
        End(UtpFailure.None);
    }

    /// <summary>Time has passed.</summary>
    public void Tick(long now)
    {
        _now = now;
        if (State == UtpState.Closed)
            return;
        if (now >= _stateEnds)
        {
            if (State == UtpState.Closing)
                SendReset();
            End(UtpFailure.TimedOut);
        }
        else if (_memory.IsShort && _early.HasSince(now - LongestEarly))
        {
            // They were acknowledged one by one, and would not come again: it cannot do without them, and others need the room.
            SendReset();
            End(UtpFailure.TimedOut);
        }
        else if (now >= _deadline)
        {
            TimeOut();
        }
        else if (State != UtpState.Connecting)
        {
            if (now >= _tailProbeAt)
                ProbeTail();
            SendMore(); // where the other side's window was shut
            if (now - _lastSentAt >= KeepAlivePeriod && State == UtpState.Connected)
                SendState();
        }

        if (_sent.Count == 0)
            _sent.Trim();
        _outgoing.Trim();
        _incoming.Trim();
        _early.Trim();
    }

    private void TimeOut()
    {
        if (++_timeouts > (State == UtpState.Connecting ? MaxSynTimeouts : _allowedTimeouts))
        {
            if (State != UtpState.Connecting)
                SendReset();
            End(UtpFailure.TimedOut);
            return;
        }

        _roundTrip.BackOff();
        _deadline = _now + _roundTrip.Timeout;
        if (State == UtpState.Connecting)
        {
            _sent[_sent.First].Transmissions++;
            SendSyn();
            return;
        }

        LoseAll();
        _congestion.TimedOut(_mtu.Current);
        _isRecovering = true;
        _recovered = _sent.Next;
        SendMore();
    }

    private void End(UtpFailure failure)
    {
        if (State == UtpState.Closed)
            return;
        State = UtpState.Closed;
        Failure = failure;
        _deadline = _stateEnds = _tailProbeAt = long.MaxValue;
        _memory.GiveBackEarly(_early.Memory);
        _early.Clear();
        _outgoing.Clear(); // what has arrived can still be read
    }
}
