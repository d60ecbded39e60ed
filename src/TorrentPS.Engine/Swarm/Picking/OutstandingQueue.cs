namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The outstanding requests to a peer, in order. Peers answer in order, so a received block is nearly always at the head.</summary>
internal sealed class OutstandingQueue
{
    private Outstanding[] _items = new Outstanding[32];
    private int _head;

    public int Count { get; private set; }

    public Outstanding this[int index]
    {
        get => _items[Slot(index)];
        set => _items[Slot(index)] = value;
    }

    public void Add(Outstanding item)
    {
        if (Count == _items.Length)
            Grow();
        _items[Slot(Count++)] = item;
    }

    /// <summary>The position of a block; -1 if it was not requested.</summary>
    public int IndexOf(int piece, int block)
    {
        for (int i = 0; i < Count; i++)
        {
            ref readonly Outstanding item = ref _items[Slot(i)];
            if (item.Block == block && item.Piece.Index == piece)
                return i;
        }

        return -1;
    }

    public void RemoveAt(int index)
    {
        for (int i = index; i > 0; i--)
            _items[Slot(i)] = _items[Slot(i - 1)];
        _items[_head] = default;
        _head = Slot(1);
        Count--;
    }

    /// <summary>Removes a block, if it was requested.</summary>
    public void Remove(int piece, int block)
    {
        int index = IndexOf(piece, block);
        if (index >= 0)
            RemoveAt(index);
    }

    public void Clear()
    {
        Array.Clear(_items);
        _head = Count = 0;
    }

    private int Slot(int index) => (_head + index) & (_items.Length - 1);

    private void Grow()
    {
        var items = new Outstanding[_items.Length * 2];
        for (int i = 0; i < Count; i++)
            items[i] = this[i];
        _items = items;
        _head = 0;
    }
}
